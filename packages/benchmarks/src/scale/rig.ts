import { parseStrategy } from '@kitsune/want-router'
import { createEngine } from '@kitsune/want-router/engine'
import { createAsks } from './asks.ts'
import type { Ask } from './asks.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'
import type { Limits, StrategyFactory } from '@kitsune/want-router'
import type { Output } from '@kitsune/want-router/engine'

/** How an engine that is measured is configured. */
export interface RigInit {
  /** As it is written in configurations. */
  readonly strategy: string
  /** How many members are up from the start: `member-0`, `member-1`, … */
  readonly members: number
  /** How many more members are configured and start down. Default 0. */
  readonly down?: number
  readonly limits?: Partial<Limits>
  /** Members never answer: their asks are counted and not kept. Default false. */
  readonly silent?: boolean
}

/**
 * An engine on a simulated clock. Everything that depends on the
 * interface of the engine is in this file.
 */
export interface Rig {
  /** ms. */
  now: number
  /** How often the strategy was asked for a ranking. */
  readonly picks: number
  /** How many asks have no answer yet. */
  readonly open: number
  /** How many blocks clients have taken. */
  readonly taken: number
  /** `flush` has something to do. */
  readonly dirty: boolean
  /** When `tick` is wanted next, ms. */
  readonly deadline: number | undefined
  message (client: string, wants: readonly WantEntry[]): void
  /** Answers up to `count` asks, the oldest first. */
  answer (count: number, how: (ask: Ask) => void): void
  block (ask: Ask): void
  dontHave (ask: Ask): void
  up (member: string): void
  /** Ticks if the deadline has passed. */
  tick (): void
  flush (): void
  /** Takes all messages of every client that has any. */
  take (): void
}

/** The size of every block, bytes. */
export const BLOCK_SIZE = 1024
// the size of a message to a client, bytes: the writer starts lower and goes up to four times as much
const MESSAGE_SIZE = 256 << 10

/** Makes an engine without sockets and timers, whose caller answers for its members. */
export function createRig ({ strategy, members, down = 0, limits = {}, silent = false }: RigInit): Rig {
  const bytes = new Uint8Array(BLOCK_SIZE)
  const asks = createAsks(silent)
  const ready = new Set<string>()
  let picks = 0
  let taken = 0

  const output: Output = {
    ask (member, wants) { asks.add(member, wants) },
    cancel () {},
    ready (client) { ready.add(client) },
    close () {},
    reset () {}
  }

  const rig: Rig = {
    now: 0,
    get picks () { return picks },
    get open () { return asks.size },
    get taken () { return taken },
    get dirty () { return engine.dirty },
    get deadline () { return engine.deadline },
    message (client, wants) { engine.put({ t: 'message', client, wants, full: false }) },
    answer: asks.take,
    block ({ member, key }) { engine.put({ t: 'block', member, key, bytes }) },
    dontHave ({ member, key }) { engine.put({ t: 'answer', member, key, answer: 'dont-have' }) },
    up (member) { engine.put({ t: 'up', member }) },
    flush () { engine.flush(output) },

    tick () {
      const { deadline } = engine

      if (deadline != null && deadline <= rig.now) {
        engine.put({ t: 'tick' })
      }
    },

    take () {
      for (const client of ready) {
        let message: ReturnType<typeof engine.take>

        while ((message = engine.take(client, MESSAGE_SIZE, '/ipfs/bitswap/1.2.0')) != null) {
          taken += message.blocks?.length ?? 0
        }
      }

      ready.clear()
    }
  }

  const engine = createEngine({
    members: Array.from({ length: members + down }, (_, i) => ({ id: `member-${i}` })),
    strategy: countPicks(parseStrategy(strategy), () => { picks++ }),
    now: () => rig.now,
    seed: 1,
    randomSeed: 1,
    limits
  })

  for (let i = 0; i < members; i++) {
    rig.up(`member-${i}`)
  }

  rig.flush()

  return rig
}

function countPicks (factory: StrategyFactory, count: () => void): StrategyFactory {
  return env => {
    const strategy = factory(env)
    const rank = strategy.rank.bind(strategy)

    // in place, so that nothing else about the strategy changes
    strategy.rank = want => {
      count()

      return rank(want)
    }

    return strategy
  }
}

/**
 * Does what the driver does at the end of a tick of the event loop: flushes until
 * nothing is left to do, and reads the deadline to set its timer.
 */
export function settle (rig: Rig): number | undefined {
  do {
    rig.flush()
    rig.take()
  } while (rig.dirty)

  return rig.deadline
}
