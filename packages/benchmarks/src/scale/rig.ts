import { DEFAULT_LIMITS, parseStrategy } from '@kitsune/want-router'
import { createEngine } from '@kitsune/want-router/engine'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'
import type { Limits, StrategyFactory } from '@kitsune/want-router'

/** What an engine has asked of a member, and no answer has come to yet. */
export interface Ask {
  readonly member: string
  readonly key: WantKey
}

export interface RigInit {
  /** As it is written in configurations. */
  readonly strategy: string
  /** Members that are up from the start. */
  readonly members: number
  /** Members that are configured besides, and never come up unless they are told to. Default 0. */
  readonly down?: number
  readonly limits?: Partial<Limits>
  /** What it asks is counted only: there will be no answers. Default false. */
  readonly silent?: boolean
}

/**
 * An engine on a clock that stands still until it is moved, driven as the driver
 * does it: after each flush the deadline is read, and what is dirty is flushed
 * again. All that knows how an engine is spoken to is in here.
 */
export interface Rig {
  /** ms. */
  now: number
  /** Rankings that the strategy was asked for. */
  readonly picks: number
  /** Asked and not answered, the oldest first. */
  readonly open: number
  /** Blocks that clients have taken. */
  readonly taken: number
  message (client: string, wants: readonly WantEntry[]): void
  /** Takes up to `count` asks off the front of what is open. */
  answer (count: number, how: (ask: Ask) => void): void
  block (ask: Ask): void
  dontHave (ask: Ask): void
  up (member: string): void
  /** A tick, if one is due. False: none was. */
  tick (): boolean
  /** One flush. */
  flush (): void
  /** Lets every client take what there is for it. */
  take (): void
  readonly dirty: boolean
  readonly deadline: number | undefined
}

/** What blocks weigh. */
export const BLOCK_SIZE = 1024
// a message of the writer's once it has grown
const MESSAGE_SIZE = 256 << 10
// asks that have been answered before they are let go
const COMPACT = 1 << 16

export function createRig ({ strategy, members, down = 0, limits = {}, silent = false }: RigInit): Rig {
  const bytes = new Uint8Array(BLOCK_SIZE)
  const asks: Ask[] = []
  let first = 0
  let unanswered = 0
  let ready: string[] = []
  let picks = 0
  let taken = 0

  const counted: StrategyFactory = env => {
    const made = parseStrategy(strategy)(env)
    const rank = made.rank.bind(made)
    made.rank = want => {
      picks++
      return rank(want)
    }
    return made
  }

  const rig: Rig = {
    now: 0,
    get picks () { return picks },
    get open () { return unanswered },
    get taken () { return taken },
    get dirty () { return engine.dirty },
    get deadline () { return engine.deadline },

    message (client, wants) { engine.put({ t: 'message', client: client, wants, full: false }) },

    answer (count, how) {
      const end = Math.min(first + count, asks.length)
      unanswered -= end - first
      while (first < end) {
        how(asks[first++])
      }
      if (first > COMPACT || first === asks.length) {
        asks.splice(0, first)
        first = 0
      }
    },

    block ({ member, key }) { engine.put({ t: 'block', member, key, bytes }) },
    dontHave ({ member, key }) { engine.put({ t: 'answer', member, key, answer: 'dont-have' }) },
    up (member) { engine.put({ t: 'up', member }) },

    tick () {
      const { deadline } = engine
      const due = deadline != null && deadline <= rig.now
      if (due) {
        engine.put({ t: 'tick' })
      }
      return due
    },

    flush () {
      engine.flush(output)
    },

    take () {
      const clients = ready
      ready = []
      for (const client of clients) {
        let message: ReturnType<typeof engine.take>
        while ((message = engine.take(client, MESSAGE_SIZE, '/ipfs/bitswap/1.2.0')) != null) {
          taken += message.blocks?.length ?? 0
        }
      }
    }
  }

  const output: Parameters<typeof engine.flush>[0] = {
    ask (member, wants) {
      unanswered += wants.length
      if (silent) {
        return
      }
      for (const { key } of wants) {
        asks.push({ member, key })
      }
    },
    cancel () {},
    ready (client) { ready.push(client) },
    close () {},
    reset () {}
  }

  const engine = createEngine({
    members: Array.from({ length: members + down }, (_, i) => ({ id: `member-${i}` })),
    strategy: counted,
    now: () => rig.now,
    seed: 1,
    randomSeed: 1,
    limits: { ...DEFAULT_LIMITS, ...limits }
  })

  for (let i = 0; i < members; i++) {
    rig.up(`member-${i}`)
  }
  rig.flush()

  return rig
}

/** What the driver does at the end of each tick of the event loop, until nothing is left to do. */
export function settle (rig: Rig): void {
  do {
    rig.flush()
    rig.take()
  } while (rig.dirty)
  // the driver sets its timer by it each time
  kept = rig.deadline
}

/** Keeps the compiler from leaving out a getter whose result nobody uses. */
export let kept: unknown
