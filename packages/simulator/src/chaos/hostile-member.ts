import { contentBlock } from '../world/content.ts'
import { dice } from './dice.ts'
import type { Block } from './blocks.ts'
import type { Scenario } from './scenario.ts'
import type { Trace } from './trace.ts'
import type { WorldEnv } from '../world/world.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { Capacity, Sink, Target, TargetWant } from '@kitsune/want-router'

/**
 * How a member answers one want:
 *
 * - `honest`, `slow`: with the truth, soon or late;
 * - `silent`: not before it is healed; `forgetful`: never, as kubo drops wants;
 * - `failing`, `ignorant`: with `failed` or `unknown`;
 * - `boasting`: with a HAVE, then a lack; `lacking`: with a lack, then the truth;
 * - `corrupt`: with bytes of another block, or of none;
 * - `twice`: with the truth, twice;
 * - `astray`: with an answer about another block.
 */
export type MemberMood = 'honest' | 'slow' | 'silent' | 'forgetful' | 'failing' | 'ignorant' | 'boasting' | 'lacking' | 'corrupt' | 'twice' | 'astray'

/** A member under our control. */
export interface HostileMember {
  readonly id: string
  readonly connected: boolean
  readonly target: Target
  /** It answers, and with the truth. */
  readonly truthful: boolean
  /** It says so if it lacks a block. */
  readonly supportsDontHave: boolean
  holds (key: WantKey): boolean
  up (capacity?: Partial<Capacity>): void
  down (): void
  /** Draws how it will answer from now on. */
  changeMood (): void
  gain (block: Block): void
  lose (block: Block): void
  /** Says or sends something that it was not asked for. */
  babble (): void
  load (bytes: number): void
  /** From now on it is truthful; what it owes it serves. */
  heal (): void
}

interface Listed {
  want: TargetWant
  /** It was told what is told of a block that is not there. */
  denied: boolean
}

export function hostileMember (init: Scenario['members'][number], scenario: Scenario, { clock, random }: WorldEnv, trace: Trace): HostileMember {
  const { id } = init
  const { chance, int, pick, weighted } = dice(random(id))
  const blocks = new Map(scenario.blocks.map(block => [block.key, block]))
  const held = new Set(init.holds)
  const list = new Map<WantKey, Listed>()
  /** What it was asked for and does not keep. */
  const dropped = new Set<WantKey>()
  let sink: Sink | undefined
  let connected = false
  let life = 0
  let healed = false
  let latency = int(1, 50)
  let capacity: Partial<Capacity> = {}
  let moods = scenario.moods

  const has = (key: WantKey): boolean => {
    const block = blocks.get(key)
    return block != null && held.has(block.n)
  }

  function say (key: WantKey, answer: 'have' | 'dont-have' | 'unknown' | 'failed'): void {
    const listed = list.get(key)
    if (answer === 'dont-have' && dropped.has(key)) {
      return // who lacks a want keeps it listed: no member lies about both
    }
    // what it said that it lacks it keeps, if it keeps such at all
    if (answer === 'have' ? listed?.want.type === 'have' : capacity.standing === 0 || (answer !== 'dont-have' && listed?.denied === false)) {
      drop(key)
    } else if (answer === 'dont-have' && listed != null) {
      listed.denied = true
    }
    sink?.answer(key, answer)
  }

  function drop (key: WantKey): void {
    if (list.delete(key) && capacity.standing !== 0) {
      dropped.add(key)
    }
  }

  function send (key: WantKey, as: WantKey = key): void {
    const block = blocks.get(key)
    if (block != null) {
      if (key === as) {
        list.delete(key)
      }
      // what it hashes to is what it is; who asked is not said
      void sink?.block(block.cids[0], contentBlock(as, block.size))
    }
  }

  /** The truth about what is listed. */
  function tell (key: WantKey): void {
    const listed = list.get(key)
    if (listed == null) {
      return // cancelled meanwhile
    }
    if (has(key)) {
      const inline = (blocks.get(key)?.size ?? 0) <= 1024 && chance(0.5)
      if (listed.want.type === 'block' || inline || capacity.supportsDontHave === false) {
        send(key)
      } else {
        say(key, 'have')
      }
    } else if (!listed.denied && capacity.supportsDontHave !== false) {
      say(key, 'dont-have')
    }
  }

  /** Later, if this connection still stands; some words outlive theirs. Who is healed meanwhile tells the truth instead. */
  function later (ms: number, key: WantKey, act: () => void): void {
    const began = life
    clock.after(ms, () => {
      if (!connected) {
        return
      }
      if (healed) {
        tell(key)
      } else if (life === began || chance(0.05)) {
        act()
      }
    })
  }

  const answers: Record<MemberMood, (want: TargetWant) => void> = {
    honest: ({ key }) => { later(latency, key, () => { tell(key) }) },
    slow: ({ key }) => { later(int(50, pick([500, 5000, 30_000])), key, () => { tell(key) }) },
    silent: () => {},
    forgetful: ({ key }) => { drop(key) },
    failing: ({ key }) => { later(int(0, latency), key, () => { say(key, 'failed') }) },
    ignorant: ({ key }) => { later(int(0, latency), key, () => { say(key, 'unknown') }) },
    boasting ({ key }) {
      later(latency, key, () => { sink?.answer(key, 'have') })
      later(latency + int(0, 3000), key, () => { say(key, 'dont-have') })
    },
    lacking ({ key }) {
      later(latency, key, () => { say(key, 'dont-have') })
      later(latency + int(0, 10_000), key, () => { tell(key) })
    },
    corrupt ({ key }) {
      later(latency, key, () => { send(key, chance(0.5) ? pick(scenario.blocks).key : '') })
    },
    twice ({ key }) {
      later(latency, key, () => { tell(key) })
      later(latency + int(0, 100), key, () => { has(key) ? send(key) : say(key, 'dont-have') })
    },
    astray ({ key }) { later(latency, key, babble) }
  }

  function babble (): void {
    const { key } = pick(scenario.blocks)
    if (has(key) && chance(0.5)) {
      send(key)
    } else {
      say(key, pick(['have', 'dont-have', 'unknown', 'failed']))
    }
  }

  const target: Target = {
    start (started) { sink = started },
    stop () {},
    ask (wants) {
      for (const want of wants) {
        list.set(want.key, { want, denied: false })
        dropped.delete(want.key)
        answers[healed ? 'honest' : weighted(moods)](want)
      }
    },
    cancel (wants) {
      for (const { key } of wants) {
        const late = list.get(key)
        list.delete(key)
        if (late != null && !healed && has(key) && chance(0.1)) {
          later(int(0, 100), key, () => { send(key) }) // it crossed with the cancel
        }
      }
    }
  }

  return {
    id,
    target,
    get connected () { return connected },
    get truthful () { return healed && connected },
    get supportsDontHave () { return capacity.supportsDontHave !== false },
    holds: has,

    up (next) {
      if (!connected) {
        life++
        list.clear()
        dropped.clear()
        capacity = {}
      }
      connected = true
      capacity = { ...capacity, ...next }
      sink?.up(next)
    },

    down () {
      connected = false
      list.clear()
      sink?.down(new Error('the simulation says so'))
    },

    changeMood () {
      latency = int(0, pick([20, 500]))
      const alone = weighted(scenario.moods)
      moods = chance(0.5) ? scenario.moods : { ...none, [alone]: 1 }
      trace.act(() => `${id} is ${moods === scenario.moods ? 'anything' : alone} from now on, latency ${latency} ms`)
    },

    gain ({ n, key }) {
      held.add(n)
      if (list.has(key)) {
        later(latency, key, () => { tell(key) })
      }
    },

    lose ({ n }) { held.delete(n) },
    babble,
    load (bytes) { sink?.load(bytes) },

    heal () {
      healed = true
      latency = int(1, 50)
      for (const key of list.keys()) {
        later(latency, key, () => { tell(key) })
      }
    }
  }
}

const none: Readonly<Record<MemberMood, number>> = { honest: 0, slow: 0, silent: 0, forgetful: 0, failing: 0, ignorant: 0, boasting: 0, lacking: 0, corrupt: 0, twice: 0, astray: 0 }
