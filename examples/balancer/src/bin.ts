#!/usr/bin/env node
import './node-version.ts'
import './heap-flags.ts'
import { main } from './main.ts'
import { processOptions, processSurroundings } from './process-context.ts'

process.exit(await main(processSurroundings(), processOptions()))
