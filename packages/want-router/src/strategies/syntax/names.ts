import { DEFAULT_HOT, hotCold } from '../algorithms/hot-cold.ts'
import { leastLoaded, WANT_COST } from '../algorithms/least-loaded.ts'
import { DEFAULT_MAGLEV, maglev } from '../algorithms/maglev.ts'
import { peakEwma } from '../algorithms/peak-ewma.ts'
import { random } from '../algorithms/random.ts'
import { rendezvous } from '../algorithms/rendezvous.ts'
import { roundRobin } from '../algorithms/round-robin.ts'
import { boundedLoad, DEFAULT_BOUND, DEFAULT_LEAST } from '../decorators/bounded-load.ts'
import { DEFAULT_PRESENCE, presence } from '../decorators/presence.ts'
import { DEFAULT_STICKY, sticky } from '../decorators/sticky.ts'
import { DEFAULT_LABEL, tiers } from '../decorators/tiers.ts'
import { DEFAULT_LATENCY } from '../ranking/latency.ts'
import { formatDuration } from './duration.ts'
import type { StrategyFactory } from '../strategy.ts'

/** How a strategy is written in a configuration, and made from what was written. */
export interface StrategySyntax {
  /** How many strategies it wraps; they come first in the parentheses. Default 0. */
  readonly wraps?: number
  /** Its options with their defaults as shown, in the order in which they may be written without their names. Default none. */
  readonly options?: Readonly<Record<string, string | number>>
  make (inner: readonly StrategyFactory[], options: WrittenOptions): StrategyFactory
}

/** The options of a strategy as written. */
export interface WrittenOptions {
  /** As written; undefined if it was left out. */
  text (name: string): string | undefined
  /** NaN if it is not a number. */
  number (name: string): number | undefined
  /** A time in ms, written `500ms`, `10s`, `5min`, `2h` or as a number of ms; NaN if it is none of these. */
  ms (name: string): number | undefined
}

const roundRobinSyntax: StrategySyntax = { make: () => roundRobin() }

/** The strategies of this package by their names in configurations. */
export const STRATEGIES: Readonly<Record<string, StrategySyntax>> = {
  'round-robin': roundRobinSyntax,
  // others use this name for round robin with weights, which it always has here
  'weighted-round-robin': roundRobinSyntax,
  random: { make: () => random() },
  'least-loaded': {
    options: { wantCost: WANT_COST },
    make: (_, options) => leastLoaded({ wantCost: options.number('wantCost') })
  },
  'peak-ewma': {
    options: { decay: formatDuration(DEFAULT_LATENCY.decay), penalty: formatDuration(DEFAULT_LATENCY.penalty) },
    make: (_, options) => peakEwma({ decay: options.ms('decay'), penalty: options.ms('penalty') })
  },
  'hot-cold': {
    options: { hot: DEFAULT_HOT, decay: formatDuration(DEFAULT_LATENCY.decay), penalty: formatDuration(DEFAULT_LATENCY.penalty) },
    make: (_, options) => hotCold({ hot: options.number('hot'), decay: options.ms('decay'), penalty: options.ms('penalty') })
  },
  rendezvous: { make: () => rendezvous() },
  maglev: {
    options: { size: DEFAULT_MAGLEV.size },
    make: (_, options) => maglev({ size: options.number('size') })
  },
  'bounded-load': {
    wraps: 1,
    options: { c: DEFAULT_BOUND, least: DEFAULT_LEAST },
    make: ([inner], options) => boundedLoad(inner, options.number('c'), options.number('least'))
  },
  presence: {
    wraps: 1,
    options: { poor: DEFAULT_PRESENCE.poor, probe: DEFAULT_PRESENCE.probe },
    make: ([inner], options) => presence(inner, { poor: options.number('poor'), probe: options.number('probe') })
  },
  sticky: {
    wraps: 1,
    options: { clients: DEFAULT_STICKY.clients, idle: formatDuration(DEFAULT_STICKY.idle) },
    make: ([inner], options) => sticky(inner, { clients: options.number('clients'), idle: options.ms('idle') })
  },
  tiers: {
    wraps: 1,
    options: { label: DEFAULT_LABEL },
    make: ([inner], options) => tiers(inner, { label: options.text('label') })
  }
}
