import { openForOne, TRICKLE } from '../bounds.ts'
import { broken } from '../errors.ts'
import { isVerifiable, printKey } from '../scenario/blocks.ts'
import type { ClientModel } from './client-model.ts'
import type { HealthModel } from './health-model.ts'
import type { MemberModel, ObservedMember } from './member-model.ts'
import type { ObservedWant } from './observed-client.ts'
import type { StrategyObserver } from './strategy-observer.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { EngineStatus } from '@kitsune/want-router/engine'

/**
 * Capacity is used: after a flush no want waits while a member is idle that could
 * be asked for it. This is certain only if no bytes are on their way.
 */
export class ProgressInvariants {
  readonly #clients: ClientModel
  readonly #members: MemberModel
  readonly #health: HealthModel
  readonly #strategy: StrategyObserver
  readonly #now: () => number

  constructor (clients: ClientModel, members: MemberModel, health: HealthModel, strategy: StrategyObserver, now: () => number) {
    this.#clients = clients
    this.#members = members
    this.#health = health
    this.#strategy = strategy
    this.#now = now
  }

  /** `readmitted`: members that have returned from an ejection since the last flush. */
  flushed (status: EngineStatus, readmitted: ReadonlySet<string>): void {
    if (status.unsent > 0 || status.members.some(({ load }) => load.bytes > 0) || this.#loops()) {
      return
    }

    const idle = [...this.#idle(status)]

    if (idle.length === 0) {
      return
    }

    const busy = [...this.#busy(status)]
    const waiting = [...this.#waiting()]

    for (const key of waiting) {
      const failedAt = this.#members.failedAt(key)
      const free = failedAt != null ? undefined : idle.find(({ words }) => !words.has(key))

      if (free != null) {
        broken('idle', `${printKey(key)} is asked of no member, but ${free.id} is idle and has not been asked`)
      }

      const back = idle.find(({ id, words }) => readmitted.has(id) && words.get(key) !== 'dont-have')
      // when it was asked again everywhere, the answer of a busy member was forgotten, except a DONT_HAVE for a standing want; it may wait for that member
      const mayWait = busy.some(({ words, list }) => words.get(key) !== 'dont-have' || !list.has(key))

      // only as many retries as each sweep grants
      if (back != null && !(mayWait && this.#members.askedOf(key)) && this.#members.endedAt(key) !== this.#now() && waiting.length <= TRICKLE) {
        broken('readmission', `${back.id} has returned from its ejection and is idle, but ${printKey(key)} is asked of no member`)
      }
    }
  }

  /** Whether a client is a member, too: then these invariants do not know which members may be asked. */
  #loops (): boolean {
    return [...this.#clients.all()].some(({ member }) => member != null)
  }

  * #idle (status: EngineStatus): Iterable<ObservedMember> {
    for (const { id, state, load } of status.members) {
      if (state === 'up' && load.wants === 0 && !this.#health.isEjected(id) && !this.#strategy.avoids(id) && !this.#strategy.avoided.has(id)) {
        const member = this.#members.find(id)

        if (member.capacity.wants > 0) {
          yield member
        }
      }
    }
  }

  /** Members that may take no more wants of one client. */
  * #busy (status: EngineStatus): Iterable<ObservedMember> {
    for (const { id, load } of status.members) {
      const member = this.#members.find(id)

      if (load.wants >= openForOne(member.capacity.wants)) {
        yield member
      }
    }
  }

  /** Blocks that are certainly wanted, about which no member has answered or is being asked. */
  * #waiting (): Iterable<WantKey> {
    const { wants } = this.#clients

    for (const [key, waiting] of wants.byKey()) {
      if (isVerifiable(key) && !this.#members.isOpen(key) && [...waiting].some(want => wants.sure(want) && isUnanswered(want))) {
        yield key
      }
    }
  }
}

function isUnanswered ({ type, havesTaken, answered, maybeTold }: ObservedWant): boolean {
  return type === 'block' || (havesTaken === 0 && !answered && !maybeTold)
}
