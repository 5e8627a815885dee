import { broken } from '../errors.ts'
import { printKey } from '../scenario/blocks.ts'
import type { MemberModel } from './member-model.ts'
import type { ObservedClient, ObservedWant } from './observed-client.ts'
import type { WantModel } from './want-model.ts'
import type { TargetWant } from '@kitsune/want-router'

/**
 * Order: members are asked with priorities that count down, and what one client
 * wants is asked for in the order of its messages, and in each by its priorities.
 */
export class OrderInvariants {
  readonly #members: MemberModel
  readonly #wants: WantModel
  /** The priority of the last ask. */
  #last = Infinity
  #asked: TargetWant[] = []
  /** Those that are asked for the first time. */
  #fresh: TargetWant[] = []

  constructor (members: MemberModel, wants: WantModel) {
    this.#members = members
    this.#wants = wants
  }

  /** Called before the model of members is updated. */
  ask (wants: readonly TargetWant[]): void {
    for (const want of wants) {
      this.#asked.push(want)

      if (!this.#members.askedOf(want.key)) {
        this.#fresh.push(want)
      }
    }
  }

  flushed (): void {
    const priorities = this.#asked.map(({ priority }) => priority).sort((a, b) => b - a)

    for (const priority of priorities) {
      if (priority >= this.#last) {
        broken('order', `members are asked with priority ${priority} after ${this.#last}`)
      }

      this.#last = priority
    }

    this.#expectClientsOrder()
    this.#putAside()
    this.#asked = []
    this.#fresh = []
  }

  #expectClientsOrder (): void {
    const before = new Map<ObservedClient, ObservedWant>()

    for (const { key } of this.#fresh.sort((a, b) => b.priority - a.priority)) {
      const want = this.#onlyWant(key)

      if (want == null) {
        continue
      }

      const earlier = before.get(want.client)

      if (earlier != null && (earlier.message > want.message || (earlier.message === want.message && earlier.priority < want.priority))) {
        broken('order', `${want.client.id} wants ${printKey(key)} with priority ${want.priority}, but ${printKey(earlier.key)} with ${earlier.priority} was asked for first (messages ${want.message} and ${earlier.message})`)
      }

      before.set(want.client, want)
    }
  }

  /**
   * If no member can be asked, a want is exhausted, and is queued again when one can, after wants of the same
   * moment. So its place in the order is no longer known.
   */
  #putAside (): void {
    const asked = [...this.#members.all()].filter(({ connected, draining }) => connected && !draining)

    if (asked.length > 1) {
      return
    }

    for (const [, wants] of this.#wants.byKey()) {
      for (const want of wants) {
        // a member is not asked for a block that only it wants
        if (asked.length === 0 || asked[0].id === want.client.member) {
          want.message = NaN
        }
      }
    }
  }

  /** The want for a block that only one client has wanted, by one CID and once: only then its place in the order is known. */
  #onlyWant (key: string): ObservedWant | undefined {
    const [want] = this.#wants.of(key)

    return want?.alone === true && want.asks === 1 && this.#wants.sure(want) ? want : undefined
  }
}
