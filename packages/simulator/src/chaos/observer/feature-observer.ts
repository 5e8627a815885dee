import { isIdentity } from '@kitsune/bitswap-codec'
import { isVerifiable } from '../scenario/blocks.ts'
import type { Feature } from '../features.ts'
import type { ClientModel } from './client-model.ts'
import type { HealthModel } from './health-model.ts'
import type { MemberModel } from './member-model.ts'
import type { StrategyObserver } from './strategy-observer.ts'
import type { Outgoing } from '@kitsune/bitswap-codec'
import type { Outcome, TargetWant } from '@kitsune/want-router'
import type { EngineStatus, Input } from '@kitsune/want-router/engine'

/** Records the features that a run meets. */
export class FeatureObserver {
  readonly met: Set<Feature>
  readonly #members: MemberModel
  readonly #clients: ClientModel
  readonly #health: HealthModel
  readonly #strategy: StrategyObserver
  /** Names of members that were removed. */
  readonly #left = new Set<string>()

  constructor (met: Set<Feature>, clients: ClientModel, members: MemberModel, health: HealthModel, strategy: StrategyObserver) {
    this.met = met
    this.#clients = clients
    this.#members = members
    this.#health = health
    this.#strategy = strategy
  }

  input (input: Input): void {
    if (input.t === 'drain') {
      this.met.add('drain')
    } else if (input.t === 'add') {
      this.met.add('member joins')
      this.#note('name again', this.#left.has(input.member))
    } else if (input.t === 'remove') {
      this.met.add('member leaves')
      this.#left.add(input.member)
    } else if (input.t === 'update') {
      this.#note('member reweighed', input.weight != null)
      this.#note('member drains', input.draining === true && this.#members.find(input.member).open.size > 0)
      this.#note('member resumes', input.draining === false)
    } else if (input.t === 'stands-for') {
      this.met.add('stands for')
    } else if (input.t === 'connection') {
      this.met.add(({ silent: 'silent connection', heard: 'connection heard again', lost: 'lost connection' } as const)[input.is])
    } else if (input.t === 'message') {
      this.#note('identity CID', input.wants.some(({ cid, cancel }) => !cancel && cid.length > 3 && isIdentity(cid)))
    }
  }

  /** Called before the model of members is updated. */
  ask (id: string, wants: readonly TargetWant[]): void {
    const { known, open } = this.#members.find(id)
    this.#note('asked again', wants.some(({ key }) => known.has(key) && !open.has(key)))
  }

  observe ({ result }: Outcome): void {
    this.#note('timeout', result === 'timeout')
  }

  taken (message: Outgoing | undefined): void {
    this.#note('empty block', message?.blocks?.some(({ prefix, data }) => data.byteLength === 0 && prefix[2] !== 0) === true)
  }

  flushed ({ totals, members }: EngineStatus): void {
    const { ejections, readmissions, panics } = this.#health.counts
    this.#note('hedge', totals.hedges > 0)
    this.#note('retry', totals.retries > 0)
    this.#note('eviction', totals.evicted > 0)
    this.#note('expiry', totals.expired > 0)
    this.#note('lost copy', totals.copiesLost > 0)
    this.#note('closed unread', totals.closedUnread > 0)
    this.#note('ejection', ejections > 0)
    this.#note('readmission', readmissions > 0)
    this.#note('panic', panics > 0)
    this.#note('avoiding', members.some(({ id, state }) => state === 'up' && this.#strategy.avoids(id)))
    const full = new Set(members.filter(({ id, load }) => load.wants >= this.#members.find(id).capacity.wants).map(({ id }) => id))
    this.#note('exhausted window', full.size > 0)
    this.#waits(full)
  }

  #waits (full: ReadonlySet<string>): void {
    for (const [key, waiting] of this.#clients.wants.byKey()) {
      const [{ type, client }] = waiting

      if (client.member != null) {
        this.met.add('client is member')
      }

      if (!isVerifiable(key)) {
        this.met.add('unverifiable CID')
      } else if (!this.#members.tried(key)) {
        this.#note('queued want-haves', type === 'have')
      } else if (!this.#members.isOpen(key) && full.size > 0) {
        this.#note('backlog', [...this.#members.all()].some(({ id, words }) => full.has(id) && !words.has(key)))
      }
    }
  }

  #note (feature: Feature, met: boolean): void {
    if (met) {
      this.met.add(feature)
    }
  }
}
