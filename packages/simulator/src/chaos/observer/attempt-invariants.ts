import { broken } from '../errors.ts'
import { isVerifiable, printKey } from '../scenario/blocks.ts'
import type { MemberModel, ObservedMember } from './member-model.ts'
import type { WantModel } from './want-model.ts'
import type { CancelledWant, Limits, Outcome, TargetWant } from '@kitsune/want-router'
import type { EngineStatus, Input } from '@kitsune/want-router/engine'

/** Checks what members are asked for, and how much at a time. */
export class AttemptInvariants {
  readonly #limits: Limits
  readonly #members: MemberModel
  readonly #wants: WantModel
  /** Members that were asked for something new since the last flush, and those of them that should send a block: not if silence is as likely. */
  readonly #asked = new Set<ObservedMember>()
  readonly #askedBlocks = new Set<ObservedMember>()
  /** Hedges that ended before the flush that would have sent them. */
  readonly #neverSent = new Set<string>()
  /** The greatest expected size of a want, bytes. */
  #largest: number

  constructor (members: MemberModel, wants: WantModel, limits: Limits) {
    this.#members = members
    this.#wants = wants
    this.#limits = limits
    this.#largest = limits.expectedBlock
  }

  input (input: Input): void {
    if (input.t === 'block') {
      this.#largest = Math.max(this.#largest, input.bytes.byteLength)
    }
  }

  ask (id: string, wants: readonly TargetWant[]): void {
    const member = this.#members.find(id)

    if (!member.connected) {
      broken('attempts', `${id} is down, but is asked for ${wants.length} wants`)
    }

    for (const want of wants) {
      this.#ask(member, want)
    }
  }

  #ask (member: ObservedMember, want: TargetWant): void {
    const { id, open, capacity } = member
    const { key, type } = want
    const before = open.get(key)

    if (before != null && (before !== 'have' || type !== 'block')) {
      broken('attempts', `${id} is asked for ${printKey(key)} twice at the same time`)
    }

    if (!isVerifiable(key)) {
      broken('attempts', `${id} is asked for ${printKey(key)}, for which no block could be verified`)
    }

    if (this.#wants.onlyWantedBy(key, id)) {
      broken('loops', `${id} is asked for ${printKey(key)}, which only it wants`)
    }

    if (before == null) {
      this.#asked.add(member)

      if (type === 'block' && capacity.supportsDontHave) {
        this.#askedBlocks.add(member)
      }
    }

    this.#members.asked(member, want)
  }

  cancel (id: string, wants: readonly CancelledWant[]): void {
    for (const { key } of wants) {
      this.#members.find(id).list.delete(key)
    }
  }

  observe ({ member: id, want: { key }, result, hedge }: Outcome): void {
    const member = this.#members.find(id)
    member.known.add(key)

    if (result === 'timeout' || result === 'unknown' || result === 'failed') {
      this.#members.ended(member, key, result)
    }

    if (member.open.delete(key)) {
      return
    }

    // a hedge that was answered before it was sent: once a flush
    const unsent = `${id} ${key}`

    if (!hedge || result !== 'cancelled' || this.#neverSent.has(unsent)) {
      broken('attempts', `an attempt at ${id} for ${printKey(key)} is observed (${result}), but was not open`)
    }

    this.#neverSent.add(unsent)
  }

  flushed ({ members }: EngineStatus): void {
    let bytes = 0

    for (const { id, load } of members) {
      bytes += load.bytes
      this.#expectWindow(this.#members.find(id), load)
    }

    // the last ask may have had space for one byte only
    if (this.#askedBlocks.size > 0 && bytes > this.#limits.inFlight + this.#largest) {
      broken('windows', `${bytes} expected bytes are open at all members, but the limit is ${this.#limits.inFlight}`)
    }

    this.#asked.clear()
    this.#askedBlocks.clear()
    this.#neverSent.clear()
  }

  #expectWindow (member: ObservedMember, load: { readonly wants: number, readonly bytes: number }): void {
    const { id, capacity, open, list, mostStanding } = member

    if (load.wants !== open.size) {
      broken('attempts', `${id} has ${load.wants} wants open by its load, but ${open.size} attempts that were not observed`)
    }

    if (load.bytes < 0 || (load.wants === 0 && load.bytes !== 0)) {
      broken('windows', `${id} has ${load.bytes} expected bytes open for ${load.wants} wants`)
    }

    if (this.#asked.has(member) && load.wants > capacity.wants) {
      broken('windows', `${id} has ${load.wants} wants open, but its window holds ${capacity.wants}`)
    }

    // one that is alone may exceed it
    const blocks = [...open.values()].filter(type => type === 'block').length

    if (this.#askedBlocks.has(member) && blocks > 1 && load.bytes > capacity.bytes) {
      broken('windows', `${id} has ${load.bytes} expected bytes open for ${load.wants} wants, but its window holds ${capacity.bytes}`)
    }

    if (this.#asked.has(member) && list.size > capacity.wants + mostStanding) {
      broken('windows', `${id} holds ${list.size} of our wants, but may have at most ${capacity.wants} open and ${mostStanding} standing`)
    }
  }
}
