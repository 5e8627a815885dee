import { describe, it } from 'node:test'
import { declare } from './laws.ts'

declare({ describe, it })
