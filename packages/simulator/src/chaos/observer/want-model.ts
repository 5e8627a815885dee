import { SWEEP } from '../bounds.ts'
import { cidText } from '../scenario/blocks.ts'
import type { ObservedClient, ObservedWant } from './observed-client.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** How many wants and fetches there are at least and at most, and how many wants should have expired. */
export interface Tally {
  least: number
  most: number
  overdue: number
  leastFetches: number
  mostFetches: number
}

/** The model of clients' wants. */
export class WantModel {
  readonly #lifetime: number
  readonly #now: () => number
  readonly #forget: (key: WantKey) => void
  readonly #byKey = new Map<WantKey, Set<ObservedWant>>()
  #lastTick: number
  #messages = 0

  /** `forget` is called when the first want for a block begins or the last one ends. */
  constructor (lifetime: number, now: () => number, forget: (key: WantKey) => void) {
    this.#lifetime = lifetime
    this.#now = now
    this.#forget = forget
    this.#lastTick = now()
  }

  /** Called when another message has come: its wants have one order. */
  message (): void { this.#messages++ }

  /** Called when a client asks. */
  ask (client: ObservedClient, key: WantKey, entry: WantEntry, connection?: number): ObservedWant {
    const text = cidText(entry.cid)
    const suspended = client.suspended.get(text)

    if (suspended != null) {
      this.resume(suspended)
    }

    const known = client.wants.get(text)

    if (known == null) {
      const want = this.#begin(client, key, entry, connection)
      this.#enter(want)

      return want
    }

    this.#renew(known, entry)
    known.connection = connection

    return known
  }

  /** Called when a want ends: served, taken back or replaced. */
  end (want: ObservedWant): void {
    const { client, key, cid } = want
    client.wants.delete(cidText(cid))
    client.ended.add(cidText(cid))
    const wants = this.#byKey.get(key)
    wants?.delete(want)

    if (wants?.size === 0) {
      this.#byKey.delete(key)
      this.#forget(key)
    }
  }

  /** Called when its connection has fallen silent. */
  suspend (want: ObservedWant): void {
    // a want that is about to expire may have expired
    want.sure = this.sure(want)
    this.end(want)
    want.client.suspended.set(cidText(want.cid), want)
  }

  /** Called when its connection is heard again, or it is wanted on another. */
  resume (want: ObservedWant): void {
    const text = cidText(want.cid)
    want.client.suspended.delete(text)

    if (!want.client.wants.has(text)) {
      want.askedAt = this.#now()
      want.message = NaN
      want.maybeTold ||= want.client.ended.has(text)
      this.#enter(want)
    }
  }

  /** Whether it certainly exists. */
  sure (want: ObservedWant): boolean {
    return want.sure && !want.maybeServed && this.#now() < want.askedAt + this.#lifetime
  }

  /** Whether it should have expired. */
  overdue (want: ObservedWant): boolean {
    return this.#lastTick > want.askedAt + this.#lifetime + SWEEP
  }

  of (key: WantKey): Iterable<ObservedWant> {
    return this.#byKey.get(key) ?? []
  }

  byKey (): Iterable<[WantKey, ReadonlySet<ObservedWant>]> {
    return this.#byKey
  }

  /** Wants that certainly exist. */
  * live (): Iterable<ObservedWant> {
    for (const waiting of this.#byKey.values()) {
      for (const want of waiting) {
        if (this.sure(want)) {
          yield want
        }
      }
    }
  }

  /** Whether a member is the only client that wants a block: then it does not have it. */
  onlyWantedBy (key: WantKey, member: string): boolean {
    const waiting = this.#byKey.get(key)

    if (waiting == null) {
      return false
    }

    for (const { client } of waiting) {
      if (client.member !== member) {
        return false
      }
    }

    return true
  }

  /** Whether that is possible: all other wants for it may have been evicted or served unseen. */
  maybeOnlyWantedBy (key: WantKey, member: string): boolean {
    for (const want of this.of(key)) {
      if (want.client.member !== member && this.sure(want)) {
        return false
      }
    }

    return true
  }

  /** Whether a member, or any, may want a block itself. */
  wantedByMember (key: WantKey, id?: string): boolean {
    for (const { client: { member } } of this.of(key)) {
      if (member != null && (id == null || member === id)) {
        return true
      }
    }

    return false
  }

  /** Called when the engine has looked at lifetimes, or may have. */
  ticked (): void { this.#lastTick = this.#now() }

  tally (): Tally {
    const expiredAt = this.#now() - this.#lifetime
    const overdueAt = this.#lastTick - SWEEP - this.#lifetime
    const sum = { least: 0, most: 0, overdue: 0, leastFetches: 0, mostFetches: 0 }

    for (const wants of this.#byKey.values()) {
      let living = 0
      let possible = 0

      for (const want of wants) {
        // as `sure` and `overdue` say
        living += want.sure && !want.maybeServed && want.askedAt > expiredAt ? 1 : 0
        possible += want.askedAt < overdueAt ? 0 : 1
      }

      sum.least += living
      sum.most += possible
      sum.overdue += wants.size - possible
      sum.leastFetches += living > 0 ? 1 : 0
      sum.mostFetches += possible > 0 ? 1 : 0
    }

    return sum
  }

  #begin (client: ObservedClient, key: WantKey, entry: WantEntry, connection: number | undefined): ObservedWant {
    return {
      client,
      cid: entry.cid,
      key,
      type: entry.wantType,
      priority: entry.priority,
      connection,
      sendDontHave: entry.sendDontHave,
      alwaysDontHave: entry.sendDontHave,
      asks: 1,
      dontHavesTaken: 0,
      havesTaken: 0,
      maybeTold: client.ended.has(cidText(entry.cid)),
      answered: false,
      askedAt: this.#now(),
      message: this.#messages,
      alone: true,
      dontHaveWasRight: false,
      sure: true,
      maybeServed: false
    }
  }

  #enter (want: ObservedWant): void {
    want.client.wants.set(cidText(want.cid), want)
    let wants = this.#byKey.get(want.key)

    if (wants == null) {
      // answers are not remembered while no client wants the block
      this.#forget(want.key)
      wants = new Set()
      this.#byKey.set(want.key, wants)
    }

    wants.add(want)

    if (wants.size > 1) {
      for (const each of wants) {
        each.alone = false
      }
    }
  }

  #renew (want: ObservedWant, entry: WantEntry): void {
    if (this.sure(want)) {
      want.type = entry.wantType === 'block' ? 'block' : want.type
    } else {
      // it may be the same want or a new one
      want.havesTaken = 0
      want.maybeTold = true
      want.sure = !want.maybeServed && want.type === entry.wantType
      want.type = want.type === 'block' ? 'block' : entry.wantType
    }

    // a message may name it twice
    want.priority = Math.min(want.priority, entry.priority)
    want.sendDontHave ||= entry.sendDontHave
    want.alwaysDontHave &&= entry.sendDontHave
    want.asks++
    want.answered = false
    want.askedAt = this.#now()
  }
}
