import { contentBlock } from '../../world/content.ts'
import { NO_FAULT } from '../scenario/acts.ts'
import { createDice } from '../scenario/dice.ts'
import { Mailbox } from './mailbox.ts'
import type { WorldEnv } from '../../world/world.ts'
import type { FaultMode } from '../scenario/acts.ts'
import type { Block } from '../scenario/blocks.ts'
import type { Dice } from '../scenario/dice.ts'
import type { MemberDraw, Scenario } from '../scenario/scenario.ts'
import type { Trace } from '../trace.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { Capacity, CancelledWant, Sink, Target, TargetWant } from '@kitsune/want-router'

/** The longest that a member takes to answer once the faults have ended, ms. */
export const HONEST_LATENCY = 50

interface Kept {
  readonly want: TargetWant
  /** The member has answered DONT_HAVE. */
  dontHaveSent: boolean
}

/** What a member gets from its run. */
export interface HostileMemberContext {
  readonly trace: Trace
  /** Runs `say` for a member that was removed: the engine must ignore the report. */
  ignored (say: () => void): void
}

/** A member that the run controls. */
export class HostileMember implements Target {
  readonly id: string
  readonly #scenario: Scenario
  readonly #env: WorldEnv
  readonly #trace: Trace
  readonly #ignored: HostileMemberContext['ignored']
  readonly #dice: Dice
  readonly #mailbox: Mailbox
  readonly #peer: string | undefined
  readonly #blocks: ReadonlyMap<WantKey, Block>
  readonly #held: Set<number>
  /** The wants of the router that it keeps on its wantlist. */
  readonly #list = new Map<WantKey, Kept>()
  /** Wants that it was asked for and does not keep. */
  readonly #dropped = new Set<WantKey>()
  readonly #answers: Readonly<Record<FaultMode, (key: WantKey) => void>>
  #sink: Sink | undefined
  #connected = false
  #life = 0
  #healed = false
  #latency: number
  #capacity: Partial<Capacity> = {}
  #modes: Readonly<Record<FaultMode, number>>

  constructor ({ id, holds, client, stream = id }: MemberDraw, scenario: Scenario, env: WorldEnv, { trace, ignored }: HostileMemberContext) {
    this.id = id
    this.#scenario = scenario
    this.#env = env
    this.#trace = trace
    this.#ignored = ignored
    this.#dice = createDice(env.random(stream))
    this.#mailbox = new Mailbox(this.#dice.chance(0.5))
    this.#peer = client
    this.#blocks = new Map(scenario.blocks.filter(({ verifiable }) => verifiable).map(block => [block.key, block]))
    this.#held = new Set(holds)
    this.#latency = this.#dice.int(1, HONEST_LATENCY)
    this.#modes = { ...NO_FAULT, honest: 1 }
    this.#answers = this.#faults()
  }

  get connected (): boolean { return this.#connected }

  /** Whether its protocol supports DONT_HAVE. */
  get supportsDontHave (): boolean { return this.#capacity.supportsDontHave !== false }

  /** The size of the largest block of the run, bytes. */
  get largest (): number { return Math.max(0, ...[...this.#blocks.values()].map(({ size }) => size)) }

  holds (key: WantKey): boolean {
    const block = this.#blocks.get(key)

    return block != null && this.#held.has(block.n)
  }

  start (sink: Sink): void { this.#sink = sink }

  /** It is removed, but still sends reports, which the engine must ignore from now on. */
  stop (): void {
    const sink = this.#sink

    if (sink != null) {
      this.#sink = ignoredSink(sink, this.#ignored)
    }
  }

  ask (wants: readonly TargetWant[]): void {
    for (const want of wants) {
      this.#list.set(want.key, { want, dontHaveSent: false })
      this.#dropped.delete(want.key)
      this.#answers[this.#healed ? 'honest' : this.#dice.weighted(this.#modes)](want.key)
    }
  }

  cancel (wants: readonly CancelledWant[]): void {
    const { chance, int } = this.#dice

    for (const { key } of wants) {
      const late = this.#list.delete(key)

      if (late && !this.#healed && this.holds(key) && chance(0.1)) {
        this.#later(int(0, 100), key, () => { this.#send(key) }) // it crossed with the cancel
      }
    }
  }

  up (next?: Partial<Capacity>): void {
    if (!this.#connected) {
      this.#life++
      this.#mailbox.clear()
      this.#list.clear()
      this.#dropped.clear()
      this.#capacity = {}
    }

    this.#connected = true
    this.#capacity = { ...this.#capacity, ...next }
    this.#sink?.up(next, this.#peer)
  }

  down (): void {
    this.#connected = false
    this.#list.clear()
    this.#sink?.down(new Error('because the simulation says so'))
  }

  /** Draws how it answers from now on. */
  changeFaults (): void {
    const { chance, int, pick, weighted } = this.#dice
    const { faultModes } = this.#scenario
    this.#latency = int(0, pick([20, 500]))
    const only = weighted(faultModes)
    const any = chance(0.5)
    this.#modes = any ? faultModes : { ...NO_FAULT, [only]: 1 }
    this.#trace.act(() => `${this.id} is ${any ? 'of any mode' : only} from now on, latency ${this.#latency} ms`)
  }

  gain ({ n, key, verifiable }: Block): void {
    if (verifiable) {
      this.#held.add(n)

      if (this.#list.has(key)) {
        this.#later(this.#latency, key, () => { this.#tell(key) })
      }
    }
  }

  lose ({ n }: Block): void { this.#held.delete(n) }

  load (bytes: number): void { this.#sink?.load(bytes) }

  /** Sends an answer or a block that it was not asked for. */
  babble (): void {
    const { chance, pick } = this.#dice
    const { key } = pick(this.#scenario.blocks)

    if (this.holds(key) && chance(0.5)) {
      this.#send(key)
    } else {
      this.#say(key, pick(['have', 'dont-have', 'unknown', 'failed']))
    }
  }

  /** From now on it is honest, and serves what it owes. */
  heal (): void {
    this.#healed = true
    this.#latency = this.#dice.int(1, HONEST_LATENCY)

    for (const key of this.#list.keys()) {
      this.#later(this.#latency, key, () => { this.#tell(key) })
    }
  }

  #say (key: WantKey, answer: 'have' | 'dont-have' | 'unknown' | 'failed'): void {
    this.#mailbox.post(() => { this.#answer(key, answer) })
  }

  #answer (key: WantKey, answer: 'have' | 'dont-have' | 'unknown' | 'failed'): void {
    const kept = this.#list.get(key)

    if (answer === 'dont-have' && this.#dropped.has(key)) {
      return // a member that says DONT_HAVE keeps the want: no fault mode lies about both
    }

    const keepsNone = this.#capacity.standing === 0

    if (answer === 'have' ? kept?.want.type === 'have' : keepsNone || (answer !== 'dont-have' && kept?.dontHaveSent === false)) {
      this.#drop(key)
    } else if (answer === 'dont-have' && kept != null) {
      kept.dontHaveSent = true
    }

    this.#sink?.answer(key, answer)
  }

  #drop (key: WantKey): void {
    if (this.#list.delete(key) && this.#capacity.standing !== 0) {
      this.#dropped.add(key)
    }
  }

  #send (key: WantKey, as: WantKey = key): void {
    const block = this.#blocks.get(key)

    if (block != null) {
      this.#mailbox.post(() => {
        if (key === as) {
          this.#list.delete(key)
        }

        // its hash identifies a block: the message does not name the want that it answers
        return this.#sink?.block(block.cids[0], contentBlock(as, block.size))
      })
    }
  }

  /** Answers the truth about what it was asked for. */
  #tell (key: WantKey): void {
    const kept = this.#list.get(key)

    if (kept == null) {
      return // cancelled meanwhile
    }

    if (this.holds(key)) {
      const inline = (this.#blocks.get(key)?.size ?? 0) <= 1024 && this.#dice.chance(0.5)

      if (kept.want.type === 'block' || inline || !this.supportsDontHave) {
        this.#send(key)
      } else {
        this.#say(key, 'have')
      }
    } else if (!kept.dontHaveSent && this.supportsDontHave) {
      this.#say(key, 'dont-have')
    }
  }

  /** Runs it later if this connection is still open; a few answers outlive their connection. Once the faults have ended, it tells the truth instead. */
  #later (ms: number, key: WantKey, act: () => void): void {
    const began = this.#life
    this.#env.clock.after(ms, () => {
      if (!this.#connected) {
        return
      }

      if (this.#healed) {
        this.#tell(key)
      } else if (this.#life === began || this.#dice.chance(0.05)) {
        act()
      }
    })
  }

  #faults (): Readonly<Record<FaultMode, (key: WantKey) => void>> {
    const { chance, int, pick } = this.#dice
    const soon = (key: WantKey, act: () => void, more = 0): void => { this.#later(this.#latency + more, key, act) }

    return {
      honest: key => { soon(key, () => { this.#tell(key) }) },
      slow: key => { this.#later(int(50, pick([500, 5000, 30_000])), key, () => { this.#tell(key) }) },
      silent: () => {},
      forgetful: key => { this.#drop(key) },
      failing: key => { this.#later(int(0, this.#latency), key, () => { this.#say(key, 'failed') }) },
      ignorant: key => { this.#later(int(0, this.#latency), key, () => { this.#say(key, 'unknown') }) },
      boasting: key => {
        soon(key, () => { this.#sink?.answer(key, 'have') })
        soon(key, () => { this.#say(key, 'dont-have') }, int(0, 3000))
      },
      premature: key => {
        soon(key, () => { this.#say(key, 'dont-have') })
        soon(key, () => { this.#tell(key) }, int(0, 10_000))
      },
      corrupt: key => { soon(key, () => { this.#send(key, chance(0.5) ? pick(this.#scenario.blocks).key : '') }) },
      twice: key => {
        soon(key, () => { this.#tell(key) })
        soon(key, () => { this.holds(key) ? this.#send(key) : this.#say(key, 'dont-have') }, int(0, 100))
      },
      astray: key => { soon(key, () => { this.babble() }) }
    }
  }
}

/** Reports to the sink of a removed member: nothing may reach the engine. */
function ignoredSink (sink: Sink, ignored: HostileMemberContext['ignored']): Sink {
  return {
    up (capacity, peer) { ignored(() => { sink.up(capacity, peer) }) },
    down (why) { ignored(() => { sink.down(why) }) },
    load (pendingBytes) { ignored(() => { sink.load(pendingBytes) }) },
    answer (key, answer, why, size) { ignored(() => { sink.answer(key, answer, why, size) }) },
    report (why) { ignored(() => { sink.report(why) }) },
    block (prefix, bytes, verified) {
      ignored(() => { void sink.block(prefix, bytes, verified) })

      return undefined
    }
  }
}
