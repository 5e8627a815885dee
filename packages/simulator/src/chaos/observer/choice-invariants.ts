import { broken } from '../errors.ts'
import { printKey } from '../scenario/blocks.ts'
import type { HealthModel } from './health-model.ts'
import type { MemberModel, ObservedMember } from './member-model.ts'
import type { StrategyObserver } from './strategy-observer.ts'
import type { WantModel } from './want-model.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { TargetWant } from '@kitsune/want-router'

/** Checks which member is asked: the first of the strategy that can be asked, and an ejected one only as the last. */
export class ChoiceInvariants {
  readonly #members: MemberModel
  readonly #wants: WantModel
  readonly #health: HealthModel
  readonly #strategy: StrategyObserver
  /** Wants that were asked since the last flush began, and were not open at the member. */
  #asked: Array<{ readonly member: ObservedMember, readonly key: WantKey }> = []

  constructor (members: MemberModel, wants: WantModel, health: HealthModel, strategy: StrategyObserver) {
    this.#members = members
    this.#wants = wants
    this.#health = health
    this.#strategy = strategy
  }

  /** Called before the model of members is updated. */
  ask (id: string, wants: readonly TargetWant[]): void {
    const member = this.#members.find(id)

    for (const { key } of wants) {
      if (!member.open.has(key)) {
        this.#asked.push({ member, key })
        this.#expectLastResort(member, key)
      }
    }
  }

  /** An ejected member is asked only if no other is left, most are ejected, or it said that it has the block. */
  #expectLastResort (member: ObservedMember, key: WantKey): void {
    if (!this.#health.isEjected(member.id) || this.#health.panic || member.words.get(key) === 'have') {
      return
    }

    for (const other of this.#members.all()) {
      if (other.connected && !other.draining && !this.#health.isEjected(other.id) && !other.words.has(key) && !this.#wants.wantedByMember(key, other.id)) {
        broken('choice', `${member.id} is ejected, but is asked for ${printKey(key)} although ${other.id} has not been asked for it`)
      }
    }
  }

  flushed (): void {
    const connected = new Set<string>()

    for (const { id, connected: is } of this.#members.all()) {
      if (is) {
        connected.add(id)
      }
    }

    this.#strategy.expectMembers(connected)

    for (const { member, key } of this.#asked) {
      this.#expectFirst(member, key)
    }

    this.#asked = []
  }

  /** If the member that the strategy ranked first can be asked, it must be the one that is asked. */
  #expectFirst (asked: ObservedMember, key: WantKey): void {
    const first = this.#strategy.firstChoices.get(key)

    if (first?.idle !== true || first.member.id === asked.id || this.#wants.wantedByMember(key)) {
      return
    }

    const member = this.#members.find(first.member.id)
    const well = !this.#health.isEjected(member.id) || this.#health.panic
    const holders = [...this.#members.all()].some(({ words }) => words.get(key) === 'have')

    if (well && !member.draining && !holders && !member.words.has(key) && !member.open.has(key) && member.capacity.wants > 0 && member.capacity.supportsDontHave === asked.capacity.supportsDontHave) {
      broken('choice', `${asked.id} is asked for ${printKey(key)}, but the strategy's first is ${member.id}, which is ${this.#health.isEjected(member.id) ? 'ejected as most are' : 'up'} and idle`)
    }
  }
}
