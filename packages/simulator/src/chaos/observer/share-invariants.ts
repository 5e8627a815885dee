import { MAX_TOKENS, picksBound, REWARD, TRICKLE } from '../bounds.ts'
import { broken } from '../errors.ts'
import { printKey } from '../scenario/blocks.ts'
import type { HealthModel } from './health-model.ts'
import type { MemberModel } from './member-model.ts'
import type { StrategyObserver } from './strategy-observer.ts'
import type { Limits, Outcome, TargetWant } from '@kitsune/want-router'
import type { EngineStatus } from '@kitsune/want-router/engine'

const ROUNDED = 1e-6

/** Checks that retries and hedges are shares of the traffic, and that the work of a flush is bounded. */
export class ShareInvariants {
  readonly #limits: Limits
  readonly #members: MemberModel
  readonly #health: HealthModel
  readonly #strategy: StrategyObserver
  readonly #now: () => number
  /** The retries and hedges that are left, and the counts when that was computed. */
  #tokens = TRICKLE
  #asks = 0
  /** How often each member was asked, including removed ones. */
  readonly #asksOf = new Map<number, number>()
  #again = 0
  #answers = 0
  #at: number

  constructor (members: MemberModel, health: HealthModel, strategy: StrategyObserver, limits: Limits, now: () => number) {
    this.#members = members
    this.#health = health
    this.#strategy = strategy
    this.#limits = limits
    this.#now = now
    this.#at = now()
  }

  observe ({ result }: Outcome): void {
    this.#answers += result === 'block' || result === 'have' || result === 'dont-have' ? 1 : 0
  }

  /** Called before the model of members is updated. */
  ask (id: string, wants: readonly TargetWant[]): void {
    for (const { key, type } of wants) {
      const elsewhere = [...this.#members.all()].filter(other => other.id !== id && other.open.has(key))

      if (elsewhere.length > 1) {
        broken('shares', `${id} is asked for ${printKey(key)}, which is open at ${elsewhere.map(({ id }) => id).join(', ')}`)
      }

      if (elsewhere.length === 1 && !this.#members.find(id).open.has(key)) {
        this.#expectHedge(id, key, type, elsewhere[0].since.get(key) ?? 0)
      }
    }
  }

  #expectHedge (id: string, key: string, type: TargetWant['type'], since: number): void {
    const { hedgeShare, minHedge } = this.#limits
    const waited = this.#now() - since

    if (type !== 'have' || hedgeShare === 0 || waited < minHedge || this.#health.isEjected(id)) {
      broken('shares', `${id} is asked for ${type} ${printKey(key)} beside another member, which was asked ${waited} ms before: hedges are a share of ${hedgeShare}, of want-haves, after ${minHedge} ms, at healthy members`)
    }
  }

  flushed ({ totals, members, fetches, clients }: EngineStatus): void {
    for (const { generation, totals } of members) {
      this.#asksOf.set(generation, totals.asks)
    }

    const asks = [...this.#asksOf.values()].reduce((sum, asks) => sum + asks, 0)
    const again = totals.retries + totals.hedges
    const { retryBudget } = this.#limits
    const granted = TRICKLE * (this.#now() - this.#at) / 1000 + retryBudget * (asks - this.#asks) + REWARD * this.#answers
    this.#tokens = Math.min(Math.max(MAX_TOKENS, retryBudget * asks), this.#tokens + granted) - (again - this.#again)

    if (this.#tokens < -ROUNDED) {
      broken('shares', `${totals.retries} retries and ${totals.hedges} hedges for ${asks} asks in ${this.#now()} ms, and ${-this.#tokens} of them were not granted`)
    }

    this.#at = this.#now()
    this.#asks = asks
    this.#again = again
    this.#answers = 0
    const { picks, pulls } = this.#strategy

    if (picks > picksBound(fetches, clients) || pulls > picks * members.length) {
      broken('work', `a flush made the strategy rank members ${picks} times, and pulled ${pulls}: there are ${fetches} fetches, ${clients} clients and ${members.length} members`)
    }
  }
}
