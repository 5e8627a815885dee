import { broken } from '../errors.ts'
import { printKey } from '../scenario/blocks.ts'
import type { MemberModel, ObservedMember } from './member-model.ts'
import type { TargetWant } from '@kitsune/want-router'
import type { EngineStatus, Input } from '@kitsune/want-router/engine'

/** Checks which members there are, and what draining ones are asked. */
export class MembershipInvariants {
  readonly #members: MemberModel
  /** Members that drained when the last flush ended: what is asked of one in the flush that follows was decided before. */
  #settled = new Set<ObservedMember>()
  /** Members that must be reported as drained, and those that were. */
  readonly #untold = new Set<ObservedMember>()
  readonly #drained = new Set<ObservedMember>()
  #inputs = 0

  constructor (members: MemberModel) {
    this.#members = members
  }

  /** Checks that no input is from an unknown member, and that none is added twice. */
  expectMember (input: Input): void {
    if ('member' in input && this.#members.has(input.member) === (input.t === 'add')) {
      broken('generations', `${input.member} is ${input.t === 'add' ? 'there and is added' : 'not there'}: ${input.t}`)
    }
  }

  /** Called after the model of members is updated, and before the engine gets the input. */
  input (input: Input): void {
    this.#inputs++

    if (input.t !== 'update' && input.t !== 'remove') {
      return
    }

    const member = this.#members.find(input.member)

    if (input.t === 'remove' || input.draining != null) {
      this.#settled.delete(member)
      this.#untold.delete(member)
      this.#drained.delete(member)
    }

    if (input.t === 'update' && input.draining === true) {
      this.#untold.add(member)
    }
  }

  ask (id: string, wants: readonly TargetWant[]): void {
    if (this.#settled.has(this.#members.find(id))) {
      broken('draining', `${id} drains, but is asked for ${wants.map(({ key }) => printKey(key)).join(', ')}`)
    }
  }

  drained (id: string): void {
    const member = this.#members.find(id)

    if (!member.draining || member.open.size > 0 || this.#drained.has(member)) {
      broken('draining', `${id} is reported as drained, but ${member.draining ? `${member.open.size} wants are open at it` : 'it does not drain'}`)
    }

    this.#untold.delete(member)
    this.#drained.add(member)
  }

  isDrained (id: string): boolean {
    return this.#drained.has(this.#members.find(id))
  }

  flushed ({ members }: EngineStatus): void {
    for (const { id, open } of this.#untold) {
      if (open.size === 0) {
        broken('draining', `nothing is open at ${id}, which drains, but that was not reported`)
      }
    }

    this.#settled = new Set([...this.#members.all()].filter(({ draining }) => draining))
    const [is, should] = [members, [...this.#members.all()]].map(members => members.map(({ id }) => id).sort().join(', '))

    if (is !== should) {
      broken('generations', `the members are ${is}, but should be ${should}`)
    }
  }

  /** Called with a report of a removed member's target. */
  expectIgnored (id: string, say: () => void): void {
    const before = this.#inputs
    say()

    if (this.#inputs !== before) {
      broken('generations', `${id} was removed, but a report of its target reaches the engine`)
    }
  }
}
