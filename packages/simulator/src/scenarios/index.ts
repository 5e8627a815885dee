import { blackHole } from './black-hole.ts'
import { busyCaches } from './busy-caches.ts'
import { coldCaches } from './cold-caches.ts'
import { dying } from './dying.ts'
import { flapping } from './flapping.ts'
import { garbage } from './garbage.ts'
import { hedging } from './hedging.ts'
import { hiddenLoad } from './hidden-load.ts'
import { hotKey } from './hot-key.ts'
import { hour } from './hour.ts'
import { mixedSizes } from './mixed-sizes.ts'
import { movedKeys } from './moved-keys.ts'
import { fewNodes } from './p2c-few-nodes.ts'
import { rollingRestart } from './rolling-restart.ts'
import { slowNode } from './slow-node.ts'
import { unequalNodes } from './unequal-nodes.ts'
import type { Scenario } from '../scenario/schema.ts'

/** The scenarios that come with the simulator, each in its own file: add yours and list it here. */
export const SCENARIOS: readonly Scenario[] = [
  slowNode,
  fewNodes,
  blackHole,
  hotKey,
  hedging,
  movedKeys,
  coldCaches,
  busyCaches,
  mixedSizes,
  hiddenLoad,
  unequalNodes,
  garbage,
  dying,
  flapping,
  rollingRestart,
  hour
]
