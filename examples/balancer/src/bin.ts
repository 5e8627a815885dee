#!/usr/bin/env node
import './node-version.ts'
import './heap-flags.ts'
import { main } from './main.ts'
import { processOptions, createProcessContext } from './process-context.ts'

process.exit(await main(createProcessContext(), processOptions()))
