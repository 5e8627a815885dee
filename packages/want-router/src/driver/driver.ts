import { NotStartedError } from '@libp2p/interface'
import { platformTimers } from '../timers.ts'
import { createDeadlineTimer } from './deadline-timer.ts'
import { createDecisions } from './decisions.ts'
import { createMemberSink } from './member-sink.ts'
import { createMemberTargets } from './member-targets.ts'
import { createObserver } from './observer.ts'
import { createOffers } from './offers.ts'
import { untilQuiet } from './quiet.ts'
import { createAdmission } from './verdicts.ts'
import { createVerifier } from './verifier.ts'
import type { DeadlineTimer } from './deadline-timer.ts'
import type { Decisions, UpstreamPort } from './decisions.ts'
import type { MemberTargets, RemoveOptions } from './member-targets.ts'
import type { Observer } from './observer.ts'
import type { Offers } from './offers.ts'
import type { Admission, AdmissionOptions } from './verdicts.ts'
import type { Verify } from './verifier.ts'
import type { Engine, Input, MemberChange } from '../engine/io.ts'
import type { Taken } from '../engine/replies.ts'
import type { WantEnd } from '../engine/status.ts'
import type { RouterEvent } from '../events.ts'
import type { PolicyStatus } from '../policies/policy.ts'
import type { MemberInit, Target } from '../targets/target.ts'
import type { Timers } from '../timers.ts'
import type { BitswapMessage, BitswapProtocol } from '@kitsune/bitswap-codec'
import type { Logger } from '@libp2p/interface'

/** What the engine reads of a message. */
export type WantlistMessage = Pick<BitswapMessage, 'wants' | 'full'>

/** The engine that a driver drives, and what it is connected to. */
export interface DriverInit {
  readonly engine: Engine
  readonly upstream: UpstreamPort
  /** Default: the platform's. */
  readonly timers?: Timers
  /** Default: sha2-256, sha2-512 and identity. */
  readonly verify?: Verify
  /** Of an engine with `admission`. Default: none. */
  readonly admission?: AdmissionOptions
  readonly log: Logger
  /** Called with events that an operator should know about. */
  onEvent? (event: RouterEvent): void
  /** Called with the wants that have ended, and how. */
  onEnded? (ends: readonly WantEnd[]): void
}

/**
 * The asynchronous part around the engine: it tells the engine what happens, flushes it
 * once at the end of each tick, so that related messages leave together, and owns its
 * only timer. `decisions.ts` carries out what a flush decides.
 */
export interface Driver {
  /** `connection` names the connection that the message came on. */
  message (peer: string, message: WantlistMessage, connection?: number): void
  /** The state of one of several connections of a peer has changed, see {@link Input}. */
  connection (peer: string, connection: number, is: Extract<Input, { t: 'connection' }>['is']): void
  gone (peer: string): void
  /** A client says that it asks on behalf of another peer. */
  standsFor (peer: string, of: string): void
  take (peer: string, maxBytes: number, protocol: BitswapProtocol): Taken | undefined
  /**
   * Starts the target of a member.
   *
   * @throws {InvalidOptionError} there is no such member
   */
  start (id: string, target: Target): Promise<void>
  /**
   * Adds a member. Its target has to be started next.
   *
   * @throws {InvalidOptionError} there is a member with that id, or the new one is invalid
   * @throws {NotStartedError} the driver has stopped
   */
  add (member: MemberInit): void
  /**
   * Removes a member. Resolves when its target has stopped; with `drain`, after what is open at the member has finished.
   *
   * @throws {InvalidOptionError} there is no such member
   */
  remove (id: string, options?: RemoveOptions): Promise<void>
  /**
   * Changes the weight or labels of a member, or whether it drains.
   *
   * @throws {InvalidOptionError} there is no such member, it is being removed, or the change is invalid
   */
  update (id: string, change: MemberChange): void
  /**
   * Takes no new peers, and resolves when nothing has been active or unsent for `quiet`
   * ms; until then, known peers may still ask.
   */
  drain (quiet: number, signal?: AbortSignal): Promise<void>
  stop (): Promise<void>
  /** Reports that the strategy threw. */
  strategyFailed (method: string, error: unknown): void
  /** What each policy has done. */
  policies (): readonly PolicyStatus[]
  /** When a member's state last changed, and its last error. */
  seen (member: string): ReturnType<Observer['seen']>
}

/** Makes a driver around an engine. */
export function createDriver (init: DriverInit): Driver {
  return new EngineDriver(init)
}

class EngineDriver implements Driver {
  readonly #engine: Engine
  readonly #upstream: UpstreamPort
  readonly #timers: Timers
  readonly #observer: Observer
  readonly #offers: Offers
  readonly #admission: Admission | undefined
  readonly #timer: DeadlineTimer
  readonly #targets: MemberTargets
  readonly #decisions: Decisions
  readonly #flush = (): void => { this.#flushNow() }
  /** A flush is scheduled for the end of the tick. */
  #scheduled = false
  #stopped = false

  constructor ({ engine, upstream, timers = platformTimers, verify = createVerifier(), admission, log, onEvent, onEnded }: DriverInit) {
    this.#engine = engine
    this.#upstream = upstream
    this.#timers = timers
    const { members } = engine.status()
    this.#observer = createObserver({ members, onEvent, log })
    this.#admission = admission == null ? undefined : this.#createAdmission(admission)
    const watched = this.#admission?.watch(verify) ?? verify
    const offers = createOffers((member, error) => { this.#observer.reported(member, error) })
    this.#offers = offers
    this.#targets = createMemberTargets({
      members: members.map(({ id }) => id),
      observer: this.#observer,
      offers,
      log,
      put: input => { this.#put(input) },
      createSink: (member, isClosed) => createMemberSink({ member, engine, verify: watched, observer: this.#observer, offers, isClosed, put: input => { this.#put(input) } })
    })
    this.#timer = createDeadlineTimer(timers, () => {
      engine.put({ t: 'tick' })
      this.#schedule()
    })
    const settled = this.#admission?.ended
    this.#decisions = createDecisions({
      upstream,
      targets: this.#targets,
      admission: this.#admission,
      log,
      onEnded: listeners(settled, onEnded),
      changed: members => { this.#observer.changed(members) }
    })
  }

  message (peer: string, { wants, full }: WantlistMessage, connection?: number): void {
    if (wants.length > 0 || full) {
      this.#put({ t: 'message', client: peer, wants, full, connection })
    }
  }

  connection (peer: string, connection: number, is: Extract<Input, { t: 'connection' }>['is']): void {
    this.#put({ t: 'connection', client: peer, connection, is })
  }

  gone (peer: string): void {
    this.#admission?.gone(peer)
    this.#engine.put({ t: 'gone', client: peer })
    this.#schedule()
  }

  standsFor (peer: string, of: string): void {
    this.#put({ t: 'stands-for', client: peer, of })
  }

  take (peer: string, maxBytes: number, protocol: BitswapProtocol): Taken | undefined {
    const message = this.#engine.take(peer, maxBytes, protocol)

    if (this.#engine.dirty) {
      this.#schedule()
    }

    return message
  }

  async start (id: string, target: Target): Promise<void> {
    await this.#targets.start(id, target)
  }

  add (member: MemberInit): void {
    if (this.#stopped) {
      throw new NotStartedError(`"${member.id}" cannot be added to a router that has stopped`)
    }

    this.#targets.add(member)
  }

  async remove (id: string, options?: RemoveOptions): Promise<void> {
    await this.#targets.remove(id, options)
  }

  update (id: string, change: MemberChange): void {
    this.#targets.update(id, change)
  }

  async drain (quiet: number, signal?: AbortSignal): Promise<void> {
    this.#engine.put({ t: 'drain' })
    this.#observer.draining()
    this.#schedule()
    await untilQuiet(this.#engine, this.#timers, quiet, signal)
  }

  async stop (): Promise<void> {
    this.#stopped = true
    this.#timer.cancel()
    this.#admission?.stop()
    await this.#targets.stop()
  }

  strategyFailed (method: string, error: unknown): void {
    this.#observer.strategyFailed(method, error)
  }

  policies (): readonly PolicyStatus[] {
    return this.#admission?.status ?? []
  }

  seen (member: string): ReturnType<Observer['seen']> {
    return this.#observer.seen(member)
  }

  #createAdmission (options: AdmissionOptions): Admission {
    return createAdmission({
      ...options,
      engine: this.#engine,
      timers: this.#timers,
      address: client => this.#upstream.address?.(client),
      review: () => { this.#put({ t: 'review' }) },
      repeat: (client, want) => { this.message(client, { wants: [want], full: false }) },
      decided: (client, verdicts) => { this.#put({ t: 'verdicts', client, verdicts }) },
      failed: (policy, method, error) => { this.#observer.policyFailed(policy, method, error) }
    })
  }

  #put (input: Input): void {
    if (!this.#stopped) {
      this.#engine.put(input)
      this.#schedule()
    }
  }

  #schedule (): void {
    if (!this.#scheduled && !this.#stopped) {
      this.#scheduled = true
      this.#timers.endOfTick(this.#flush)
    }
  }

  #flushNow (): void {
    this.#scheduled = false

    if (this.#stopped) {
      return
    }

    this.#engine.flush(this.#decisions.output)
    this.#decisions.carryOut()
    this.#offers.flush()

    if (this.#engine.dirty) {
      this.#schedule()
    }

    this.#timer.set(this.#engine.deadline)
  }
}

/** Calls both; undefined if there is neither. */
function listeners (first: Admission['ended'] | undefined, second: DriverInit['onEnded']): DriverInit['onEnded'] {
  if (first == null || second == null) {
    return first ?? second
  }

  return ends => {
    first(ends)
    second(ends)
  }
}
