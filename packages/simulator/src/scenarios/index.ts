import { slowNode } from './slow-node.ts'
import type { Scenario } from '../scenario/schema.ts'

/** The scenarios that come with the simulator, each in a file of its own: add yours and name it here. */
export const SCENARIOS: readonly Scenario[] = [
  slowNode
]
