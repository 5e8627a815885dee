import { DEFAULT_LIMITS } from '@kitsune/want-router'
import { createEngine } from '@kitsune/want-router/engine'
import { broken } from '../errors.ts'
import { AttemptInvariants } from './attempt-invariants.ts'
import { ChoiceInvariants } from './choice-invariants.ts'
import { ClientModel } from './client-model.ts'
import { EndInvariants } from './end-invariants.ts'
import { FeatureObserver } from './feature-observer.ts'
import { HealthModel } from './health-model.ts'
import { MemberModel } from './member-model.ts'
import { MembershipInvariants } from './membership-invariants.ts'
import { ObservedEngine } from './observed-engine.ts'
import { OrderInvariants } from './order-invariants.ts'
import { ProgressInvariants } from './progress-invariants.ts'
import { ReplyInvariants } from './reply-invariants.ts'
import { ShareInvariants } from './share-invariants.ts'
import { StrategyObserver } from './strategy-observer.ts'
import { TimeInvariants } from './time-invariants.ts'
import { WantModel } from './want-model.ts'
import type { Feature } from '../features.ts'
import type { Trace } from '../trace.ts'
import type { Gains } from './reply-invariants.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'
import type { CancelledWant, Limits, Outcome, TargetWant } from '@kitsune/want-router'
import type { Engine, EngineInit, EngineStatus, Input, Output } from '@kitsune/want-router/engine'

interface MonitorInit {
  readonly trace: Trace
  /** Receives the features that the run meets. */
  readonly met: Set<Feature>
  /** Looks through the engine's state after each step. */
  readonly sound: boolean
}

/**
 * An engine that checks its inputs and outputs one after another, and throws as soon
 * as an invariant is broken. The invariants use only these and `status()`: nothing
 * here shares code with the engine.
 */
export class Monitor extends ObservedEngine {
  readonly limits: Limits
  readonly members: MemberModel
  readonly wants: WantModel
  readonly time: TimeInvariants
  protected readonly engine: Engine
  readonly #trace: Trace
  readonly #sound: boolean
  readonly #clients: ClientModel
  readonly #strategy: StrategyObserver
  readonly #health: HealthModel
  readonly #attempts: AttemptInvariants
  readonly #membership: MembershipInvariants
  readonly #choice: ChoiceInvariants
  readonly #ends: EndInvariants
  readonly #order: OrderInvariants
  readonly #progress: ProgressInvariants
  readonly #replies: ReplyInvariants
  readonly #shares: ShareInvariants
  readonly #features: FeatureObserver
  /** How many messages of members there were. */
  heard = 0
  #totals: EngineStatus['totals']
  #failure: Error | undefined
  #calls = 0
  /** The state is checked after one call in this many: the more there is, the longer it takes. */
  #every = 1

  constructor (init: EngineInit, { trace, met, sound }: MonitorInit) {
    super()
    const { now } = init
    this.limits = { ...DEFAULT_LIMITS, ...init.limits }
    this.#trace = trace
    this.#sound = sound
    this.members = new MemberModel(init.members.map(({ id }) => id), this.limits, now)
    this.wants = new WantModel(this.limits.wantLifetime, now, key => { this.members.forget(key) })
    this.#clients = new ClientModel(this.wants, this.members, this.limits, now)
    this.#strategy = new StrategyObserver(outcome => { this.#observe(outcome) })
    this.#health = new HealthModel(init.members, this.limits, now)
    this.#attempts = new AttemptInvariants(this.members, this.wants, this.limits)
    this.#membership = new MembershipInvariants(this.members)
    this.#choice = new ChoiceInvariants(this.members, this.wants, this.#health, this.#strategy)
    this.#ends = new EndInvariants(this.members, this.limits, now)
    this.#order = new OrderInvariants(this.members, this.wants)
    this.#progress = new ProgressInvariants(this.#clients, this.members, this.#health, this.#strategy, now)
    this.#replies = new ReplyInvariants(this.#clients, this.members, this.limits, now)
    this.#shares = new ShareInvariants(this.members, this.#health, this.#strategy, this.limits, now)
    this.#features = new FeatureObserver(met, this.#clients, this.members, this.#health, this.#strategy)
    this.engine = createEngine({
      ...init,
      strategy: this.#strategy.wrap(init.strategy),
      strategyFailed: (_, error) => { this.#failure ??= error instanceof Error ? error : new Error(String(error)) }
    })
    this.time = new TimeInvariants(this.engine, now)
    this.#totals = this.engine.status().totals
  }

  put (input: Input): void {
    this.expectNoFailure()

    try {
      this.#put(input)
    } catch (err) {
      // if an asynchronous function calls the engine, it would swallow the error
      this.#failure ??= err instanceof Error ? err : new Error(String(err))
      throw err
    }
  }

  #put (input: Input): void {
    this.#trace.input(input)
    this.heard += input.t === 'block' || input.t === 'answer' ? 1 : 0
    this.time.input(input)
    this.#features.input(input)
    this.#membership.expectMember(input)
    this.members.input(input)
    this.#membership.input(input)
    this.#attempts.input(input)
    this.#ends.input(input)
    this.#health.before(input)
    this.engine.put(input)
    this.expectNoFailure()
    this.members.told(input)
    const status = this.engine.status()
    this.#health.after(status.members)
    this.#health.status(status.members)
    this.#look(input, this.#gained(status))
    this.time.called()
    this.#expectSound()
  }

  flush (out: Output): void {
    this.expectNoFailure()
    this.time.flush()
    this.#strategy.begin()
    this.engine.flush(this.#looking(out))
    this.expectNoFailure()
    const status = this.engine.status()
    const { dontHavesSent } = this.#gained(status)

    if (dontHavesSent > 0) {
      this.#replies.dontHavesQueued(dontHavesSent)
    }

    this.#attempts.flushed(status)
    this.#membership.flushed(status)
    this.#health.status(status.members)
    this.#choice.flushed()
    this.#order.flushed()
    this.#shares.flushed(status)
    this.#replies.flushed()
    this.#replies.status(status)

    if (!this.engine.dirty) {
      this.#progress.flushed(status, this.#health.readmitted)
      this.#health.readmitted.clear()
    }

    this.#ends.flushed(status)
    this.#clients.flushed()
    this.members.flushed()
    this.#features.flushed(status)
    this.#every = Math.ceil((status.wants + 1) / 100)
    this.time.flushed()
    this.#expectSound()
  }

  /** Whether the engine has reported that nothing is open any more at a draining member. */
  isDrained (member: string): boolean {
    return this.#membership.isDrained(member)
  }

  /** Called with a report of a removed member. */
  expectIgnored (member: string, say: () => void): void {
    this.#membership.expectIgnored(member, say)
  }

  take (client: string, maxBytes: number, protocol: BitswapProtocol): ReturnType<Engine['take']> {
    this.time.take()
    const message = this.engine.take(client, maxBytes, protocol)
    this.#trace.taken(client, message)
    this.#replies.take(client, message)
    this.#ends.take(client, message)
    this.#features.taken(message)
    this.time.called()
    this.#expectSound()

    return message
  }

  #observe (outcome: Outcome): void {
    this.#attempts.observe(outcome)
    this.#health.observe(outcome)
    this.#shares.observe(outcome)
    this.#features.observe(outcome)
  }

  /** How much the totals have grown since last time. */
  #gained ({ totals }: EngineStatus): Gains {
    const before = this.#totals
    this.#totals = totals

    return {
      evicted: totals.evicted - before.evicted,
      blocksSent: totals.blocksSent - before.blocksSent,
      copiesLost: totals.copiesLost - before.copiesLost,
      dontHavesSent: totals.dontHavesSent - before.dontHavesSent
    }
  }

  #look (input: Input, gains: Gains): void {
    this.#clients.input(input, gains.evicted)

    if (input.t === 'block') {
      this.#replies.block(input.key, input.bytes.byteLength, gains)
    } else if (input.t === 'tick') {
      this.wants.ticked()
    }

    if (gains.dontHavesSent > 0) {
      this.#replies.dontHavesQueued(gains.dontHavesSent)
    }
  }

  #looking (out: Output): Output {
    return {
      ask: (member, wants) => {
        this.#trace.asked(member, wants)
        this.#asked(member, wants)
        out.ask(member, wants)
      },
      cancel: (member, wants) => {
        this.#trace.cancelled(member, wants)
        this.#cancelled(member, wants)
        out.cancel(member, wants)
      },
      ready (client) { out.ready(client) },
      close: (client, why) => {
        this.#trace.act(() => `${client} is closed: ${why}`)
        this.#replies.closed(client)
        out.close(client, why)
      },
      reset: (member, why) => {
        this.#trace.act(() => `${member} is to be reset: it ${why}`)
        out.reset(member, why)
      },
      changed (members) { out.changed?.(members) },
      drained: member => {
        this.#trace.act(() => `nothing is open at ${member} any more`)
        this.#membership.drained(member)
        out.drained?.(member)
      },
      ended: ends => {
        this.#trace.ended(ends)
        this.#clients.ended(ends)
        this.#ends.ended(ends)
        out.ended?.(ends)
      }
    }
  }

  #asked (member: string, wants: readonly TargetWant[]): void {
    this.#membership.ask(member, wants)
    this.#features.ask(member, wants)
    this.#choice.ask(member, wants)
    this.#order.ask(wants)
    this.#shares.ask(member, wants)
    this.#attempts.ask(member, wants)
  }

  #cancelled (member: string, wants: readonly CancelledWant[]): void {
    this.#attempts.cancel(member, wants)
  }

  /** Called after the other invariants, whose messages say more. */
  #expectSound (): void {
    if (!this.#sound || this.#calls++ % this.#every > 0) {
      return
    }

    try {
      this.engine.checkInvariants()
    } catch (err) {
      broken('state', err instanceof Error ? err.message : String(err))
    }
  }

  /** The engine survives an error of its strategy; a run does not. */
  expectNoFailure (): void {
    if (this.#failure != null) {
      throw this.#failure
    }
  }
}
