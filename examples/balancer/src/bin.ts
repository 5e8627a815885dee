#!/usr/bin/env node
import './require-node.ts'
import './heap-flags.ts'
import { main } from './main.ts'
import { processOptions, processSurroundings } from './surroundings.ts'

process.exit(await main(processSurroundings(), processOptions()))
