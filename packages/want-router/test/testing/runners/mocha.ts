import { declare } from './laws.ts'

declare()
