import { broken } from '../errors.ts'
import { printKey } from '../scenario/blocks.ts'
import type { HealthModel } from './health-model.ts'
import type { MemberModel, ObservedMember } from './member-model.ts'
import type { StrategyObserver } from './strategy-observer.ts'
import type { WantModel } from './want-model.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { TargetWant } from '@kitsune/want-router'

/** Which member is asked: the strategy's first that can be, and one that is ejected only as the last. */
export class ChoiceInvariants {
  readonly #members: MemberModel
  readonly #wants: WantModel
  readonly #health: HealthModel
  readonly #strategy: StrategyObserver
  /** What was asked since the last flush began, and was not open there. */
  #asked: Array<{ readonly member: ObservedMember, readonly key: WantKey }> = []

  constructor (members: MemberModel, wants: WantModel, health: HealthModel, strategy: StrategyObserver) {
    this.#members = members
    this.#wants = wants
    this.#health = health
    this.#strategy = strategy
  }

  /** Before the model of members knows of it. */
  ask (id: string, wants: readonly TargetWant[]): void {
    const member = this.#members.find(id)

    for (const { key } of wants) {
      if (!member.open.has(key)) {
        this.#asked.push({ member, key })
        this.#expectLastResort(member, key)
      }
    }
  }

  /** One that is ejected is asked if no other is left, unless most are ejected; and one that said that it has the block. */
  #expectLastResort (member: ObservedMember, key: WantKey): void {
    if (!this.#health.isEjected(member.id) || this.#health.panic || member.words.get(key) === 'have') {
      return
    }

    for (const other of this.#members.all()) {
      if (other.connected && !other.draining && !this.#health.isEjected(other.id) && !other.words.has(key) && !this.#wants.wantedByMember(key, other.id)) {
        broken('choice', `${member.id} is ejected and is asked for ${printKey(key)}, which ${other.id} has not been asked for`)
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

  /** Nothing speaks against the member that the strategy put first: that one is asked. */
  #expectFirst (asked: ObservedMember, key: WantKey): void {
    const first = this.#strategy.firstChoices.get(key)

    if (first?.idle !== true || first.member.id === asked.id || this.#wants.wantedByMember(key)) {
      return
    }

    const member = this.#members.find(first.member.id)
    const well = !this.#health.isEjected(member.id) || this.#health.panic
    const holders = [...this.#members.all()].some(({ words }) => words.get(key) === 'have')

    if (well && !member.draining && !holders && !member.words.has(key) && !member.open.has(key) && member.capacity.wants > 0 && member.capacity.supportsDontHave === asked.capacity.supportsDontHave) {
      broken('choice', `${asked.id} is asked for ${printKey(key)}, and the strategy's first is ${member.id}, which is ${this.#health.isEjected(member.id) ? 'ejected as most are' : 'up'} and idle`)
    }
  }
}
