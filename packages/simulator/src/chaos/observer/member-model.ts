import { broken } from '../errors.ts'
import { isVerifiable } from '../scenario/blocks.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { Capacity, Limits, TargetWant } from '@kitsune/want-router'
import type { Input } from '@kitsune/want-router/engine'

type Word = 'have' | 'dont-have' | 'unknown' | 'failed'

/** The model of a member: what it was asked, its answers, and which attempts were observed. */
export interface ObservedMember {
  readonly id: string
  connected: boolean
  draining: boolean
  downSince: number
  capacity: Capacity
  /** The most standing wants that it has allowed since it came up. */
  mostStanding: number
  /** Attempts begun and not yet observed. */
  readonly open: Map<WantKey, TargetWant['type']>
  /** Our wants on the member's wantlist, as kubo keeps one. */
  readonly list: Map<WantKey, TargetWant['type']>
  /** Its last answer about each block since it came up. */
  readonly words: Map<WantKey, Word>
  /** When each of those began, ms. */
  readonly since: Map<WantKey, number>
  /** Blocks that it was ever asked for, or sent: messages about these are not unsolicited. */
  readonly known: Set<WantKey>
}

/** The model of all members. */
export class MemberModel {
  readonly #limits: Limits
  readonly #now: () => number
  readonly #members: Map<string, ObservedMember>
  /** Until when removed members hold DONT_HAVEs back, ms. */
  #departedUntil = -Infinity
  readonly #affirmed = new Set<WantKey>()
  #arrived = false
  readonly #tried = new Set<WantKey>()
  /** When a try failed last, ms. */
  readonly #failed = new Map<WantKey, number>()
  /** When an attempt ended last without an answer, ms, by block. */
  readonly #endedAt = new Map<WantKey, number>()

  constructor (ids: readonly string[], limits: Limits, now: () => number) {
    this.#limits = limits
    this.#now = now
    this.#members = new Map(ids.map(id => [id, observedMember(id, limits, now())]))
  }

  find (id: string): ObservedMember {
    return this.#members.get(id) ?? broken('attempts', `there is no member ${id}`)
  }

  has (id: string): boolean {
    return this.#members.has(id)
  }

  all (): Iterable<ObservedMember> {
    return this.#members.values()
  }

  /** Called before the engine gets the input. */
  input (input: Input): void {
    switch (input.t) {
      case 'add':
        this.#members.set(input.member, observedMember(input.member, this.#limits, this.#now()))
        break
      case 'remove':
        this.#remove(this.find(input.member))
        break
      case 'update':
        this.find(input.member).draining = input.draining ?? this.find(input.member).draining
        break
      case 'up':
        this.#up(this.find(input.member), input.capacity)
        break
      case 'down':
        this.#down(this.find(input.member))
        break
      case 'block':
        this.#block(this.find(input.member), input.key)
        break
      case 'answer':
        this.#answer(this.find(input.member), input.key, input.answer)
        break
      default:
    }
  }

  /** Called after the engine has got the input. */
  told (input: Input): void {
    if (input.t === 'remove') {
      if (this.find(input.member).open.size > 0) {
        broken('attempts', `${input.member} was removed, but its open attempts were not observed`)
      }

      this.#members.delete(input.member)
    }
  }

  /** A member has been asked. */
  asked (member: ObservedMember, { key, type }: TargetWant): void {
    member.open.set(key, type)
    member.since.set(key, this.#now())
    member.list.set(key, type)
    member.known.add(key)
    this.#tried.add(key)

    // when a member is asked again, only its HAVE is still known
    if (member.words.get(key) !== 'have') {
      member.words.delete(key)
    }
  }

  /**
   * Whether no block could be verified, or every configured member is certain not to have
   * it, wants it itself, or has been down for so long that it does not count. A draining member is not certain, and a removed one is down.
   */
  certain (key: WantKey, wants: (member: string) => boolean): boolean {
    if (!isVerifiable(key)) {
      return true
    }

    if (this.#now() < this.#departedUntil) {
      return false
    }

    let certain = 0

    for (const { id, connected, draining, words, downSince } of this.#members.values()) {
      if (wants(id) || (connected && !draining && words.get(key) === 'dont-have')) {
        certain++
      } else if (connected || draining || this.#now() - downSince < this.#limits.forgetDownAfter) {
        return false
      }
    }

    return certain > 0
  }

  /** How long it takes until all members that are down now, or were removed, no longer count, ms. */
  downFor (): number {
    const { forgetDownAfter } = this.#limits

    return Math.max(0, this.#departedUntil - this.#now(), ...[...this.#members.values()].map(({ connected, downSince }) => connected ? 0 : downSince + forgetDownAfter - this.#now()))
  }

  /** Some member has said that it has this block, or sent it. */
  affirmed (key: WantKey): boolean {
    return this.#affirmed.has(key)
  }

  /** Some member is being asked. */
  isOpen (key: WantKey): boolean {
    return this.#some(({ open }) => open.has(key))
  }

  /** Some member has been asked since it began to be wanted, and has answered or not. */
  askedOf (key: WantKey): boolean {
    return this.#tried.has(key)
  }

  /** Some member has been asked since the run began, or has spoken of it unsolicited, so that what it said may no longer be true. */
  wasAskedOf (key: WantKey): boolean {
    return this.#some(({ known, words }) => known.has(key) || words.has(key))
  }

  /** Some member came up since the last flush: a want for which no member could be asked waits until the next one. */
  get arrived (): boolean {
    return this.#arrived
  }

  flushed (): void {
    this.#arrived = false
  }

  /** Some member has been asked, and has answered or not; or none can be. */
  tried (key: WantKey): boolean {
    return this.#tried.has(key) || !isVerifiable(key) || !this.#some(({ connected, draining }) => connected && !draining)
  }

  /** An attempt at a member has ended without an answer. */
  ended (member: ObservedMember, key: WantKey, result: 'timeout' | 'unknown' | 'failed'): void {
    this.#endedAt.set(key, this.#now())

    if (result !== 'unknown') {
      this.#failed.set(key, this.#now())
    }

    if (result === 'timeout' || (result === 'unknown' && !member.words.has(key))) {
      member.words.set(key, result === 'timeout' ? 'failed' : 'unknown')
    }
  }

  /** When a try failed last since it began to be wanted, ms: it may rest before others are asked. */
  failedAt (key: WantKey): number | undefined {
    return this.#failed.get(key)
  }

  /** When an attempt ended last without an answer since it began to be wanted, ms. */
  endedAt (key: WantKey): number | undefined {
    return this.#endedAt.get(key)
  }

  /** Nothing waits for it any more: the answers about it are forgotten. */
  forget (key: WantKey): void {
    this.#tried.delete(key)
    this.#failed.delete(key)
    this.#endedAt.delete(key)

    for (const { words } of this.#members.values()) {
      words.delete(key)
    }
  }

  #some (holds: (member: ObservedMember) => boolean): boolean {
    for (const member of this.#members.values()) {
      if (holds(member)) {
        return true
      }
    }

    return false
  }

  #up (member: ObservedMember, capacity: Partial<Capacity> | undefined): void {
    if (!member.connected) {
      member.mostStanding = 0
    }

    member.connected = true
    this.#arrived = true
    member.capacity = { ...member.capacity, ...capacity }
    member.mostStanding = Math.max(member.mostStanding, member.capacity.standing)
  }

  #down (member: ObservedMember): void {
    if (member.connected) {
      member.connected = false
      member.downSince = this.#now()
      member.list.clear()
      member.words.clear()
    }
  }

  #remove (member: ObservedMember): void {
    this.#down(member)
    this.#departedUntil = Math.max(this.#departedUntil, member.downSince + this.#limits.forgetDownAfter)
  }

  #block (member: ObservedMember, key: WantKey): void {
    this.#affirmed.add(key)
    member.list.delete(key)
    member.words.set(key, 'have')
  }

  #answer (member: ObservedMember, key: WantKey, word: Word): void {
    if (word === 'have') {
      this.#affirmed.add(key)
    }

    // a failure does not change what was certain before, unless it was asked again
    if (word === 'have' || word === 'dont-have' || member.open.has(key)) {
      member.words.set(key, word)
    }

    const listed = member.list.get(key)

    if (word === 'have' ? listed === 'have' : member.capacity.standing === 0 || (word !== 'dont-have' && member.open.has(key))) {
      member.list.delete(key)
    }
  }
}

function observedMember (id: string, limits: Limits, now: number): ObservedMember {
  return {
    id,
    connected: false,
    draining: false,
    downSince: now,
    capacity: { wants: limits.wantsPerMember, bytes: limits.maxBytesPerMember, standing: limits.standingPerMember, supportsDontHave: true },
    mostStanding: limits.standingPerMember,
    open: new Map(),
    since: new Map(),
    list: new Map(),
    words: new Map(),
    known: new Set()
  }
}
