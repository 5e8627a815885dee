import { broken } from '../errors.ts'
import { cidText, printCid } from '../scenario/blocks.ts'
import type { MemberModel } from './member-model.ts'
import type { ObservedClient, ObservedWant } from './observed-client.ts'
import type { WantModel } from './want-model.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'
import type { Limits } from '@kitsune/want-router'
import type { WantEnd } from '@kitsune/want-router/engine'

/** A message after which wants were evicted. */
interface Evicting {
  readonly client: ObservedClient
  readonly entries: readonly WantEntry[]
  readonly full: boolean
  readonly count: number
}

/** The wants that a client may have lost by its messages since the last flush. */
interface Doubts {
  messages: number
  /** Whether one was a full wantlist: suspended wants end, and start over. */
  full: boolean
  /** How often they named each CID. */
  readonly named: Map<string, number>
  /** Wants that may have been evicted, and HAVEs that had been taken of each. */
  readonly wants: Map<ObservedWant, number>
}

/**
 * Which wants of clients that want more than they may were evicted: any that give
 * way by the rules, until the next flush tells which of them did.
 */
export class EvictionModel {
  readonly #wants: WantModel
  readonly #members: MemberModel
  readonly #limits: Limits
  readonly #doubts = new Map<ObservedClient, Doubts>()

  constructor (wants: WantModel, members: MemberModel, limits: Limits) {
    this.#wants = wants
    this.#members = members
    this.#limits = limits
  }

  /** A client has sent a message. */
  message (client: ObservedClient, entries: readonly WantEntry[], full: boolean): void {
    const doubts = this.#doubtsOf(client)
    doubts.messages++
    doubts.full ||= full

    for (const { cid } of entries) {
      const text = cidText(cid)
      doubts.named.set(text, (doubts.named.get(text) ?? 0) + 1)
    }
  }

  /** Another event concerned the wants of a client: it will not be known which may have been evicted. */
  confuse (client: ObservedClient): void {
    this.#doubtsOf(client).messages = Infinity
  }

  /** The wants that a client may have lost by a message if it wants more than it may. */
  evicted ({ client, entries, full, count }: Evicting): void {
    const { wantsPerClient } = this.#limits
    const asked = entries.filter(({ cancel }) => !cancel)

    if (asked.length <= wantsPerClient && client.wants.size <= wantsPerClient) {
      broken('eviction', `${client.id} lost ${count} wants by a message of ${asked.length}, after which it had ${client.wants.size} of at most ${wantsPerClient}`)
    }

    if (full && asked.length === entries.length) {
      this.#cut(client, asked)

      return
    }

    const highest = Math.max(...asked.map(({ priority }) => priority))

    for (const want of client.wants.values()) {
      // a want that is looked for gives way only to those of higher priority; one that may have its HAVE is not
      if (want.priority <= highest || this.#members.affirmed(want.key) || ((this.#members.tried(want.key) || this.#members.arrived) && !this.#members.isOpen(want.key)) || this.#wants.wantedByMember(want.key)) {
        this.#doubt(want)
      }
    }
  }

  /** Called with the ends that the flush reports. For a client that has sent one message since the last flush they say what was evicted. */
  ended (ends: readonly WantEnd[]): void {
    const ended = new Map<string, number>()

    for (const { client, cid } of ends) {
      const name = `${client} ${cidText(cid)}`
      ended.set(name, (ended.get(name) ?? 0) + 1)
    }

    for (const [client, { messages, full, named, wants }] of this.#doubts) {
      if (messages !== 1) {
        continue
      }

      for (const [want, havesTaken] of wants) {
        const text = cidText(want.cid)
        const times = named.get(text) ?? 0

        // one that lived before and was named may have ended and started over, by this message or by a block before it
        if (client.wants.get(text) === want && (times === 0 || (!full && times === 1 && want.asks === 1 && !want.maybeTold))) {
          this.#settle(want, havesTaken, ended.get(`${client.id} ${text}`) ?? 0)
        }
      }

      this.#expectDoubted(client, named, ends)
    }

    this.#doubts.clear()
  }

  /** Called after the flush. */
  flushed (): void {
    this.#doubts.clear()
  }

  #settle (want: ObservedWant, havesTaken: number, ends: number): void {
    if (ends > 0) {
      this.#wants.end(want)
    } else {
      want.sure = true
      want.havesTaken += havesTaken
    }
  }

  /** Checks that only wants were evicted that may have been. */
  #expectDoubted (client: ObservedClient, named: Doubts['named'], ends: readonly WantEnd[]): void {
    for (const { client: id, cid, outcome } of ends) {
      const text = cidText(cid)
      const want = client.wants.get(text)

      if (id === client.id && outcome === 'evicted' && !named.has(text) && want != null && this.#wants.sure(want)) {
        broken('eviction', `${id} lost ${printCid(cid)}, but by the rules others had to give way`)
      }
    }
  }

  /** A full list that is too long keeps its entries of highest priority; of equals any may go. */
  #cut (client: ObservedClient, entries: readonly WantEntry[]): void {
    const floor = entries.map(({ priority }) => priority).sort((a, b) => b - a)[this.#limits.wantsPerClient - 1] ?? -Infinity
    const named = new Map<string, { least: number, most: number }>()

    for (const { cid, priority } of entries) {
      const text = cidText(cid)
      const { least, most } = named.get(text) ?? { least: Infinity, most: -Infinity }
      named.set(text, { least: Math.min(least, priority), most: Math.max(most, priority) })
    }

    for (const [text, want] of [...client.wants]) {
      const { least, most } = named.get(text) ?? { least: -Infinity, most: -Infinity }

      if (most < floor) {
        this.#wants.end(want)
      } else if (least <= floor) {
        this.#doubt(want)
      }
    }
  }

  #doubt (want: ObservedWant): void {
    if (want.sure) {
      // if the block waits for its client, the want may have ended without an event
      if (!want.maybeServed) {
        this.#doubtsOf(want.client).wants.set(want, want.havesTaken)
      }

      want.sure = false
      want.havesTaken = 0
    }
  }

  #doubtsOf (client: ObservedClient): Doubts {
    const doubts = this.#doubts.get(client) ?? { messages: 0, full: false, named: new Map(), wants: new Map() }
    this.#doubts.set(client, doubts)

    return doubts
  }
}
