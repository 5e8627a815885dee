import { ConnectionClosedError } from '@libp2p/interface'
import { checkNames, checkNumbers, MAX_DELAY } from '../check-options.ts'
import { SessionResetError } from '../errors.ts'
import { pause } from '../pause.ts'
import { platformTimers } from '../timers.ts'
import { checkCapacity } from './check-capacity.ts'
import { withTimeout } from './timeout.ts'
import type { CancelledWant, Capacity, LocatedPeer, MemberInit, PeerSession, PeerSessionHandlers, Sink, Target, TargetContext, TargetInit, TargetWant, WantlistLimit } from './target.ts'
import type { Timers } from '../timers.ts'
import type { Logger, PeerId } from '@libp2p/interface'

/** Default waits and limits. Times are ms. */
const DEFAULT_MIN_DELAY = 100
const DEFAULT_MAX_DELAY = 1000
const DEFAULT_LOCATE_TIMEOUT = 2000
const DEFAULT_DIAL_TIMEOUT = 5000

/** When a lost peer is tried again. */
export interface RetryInit {
  /** Wait before the first retry of an outage, ms; it doubles with each that follows. Default 100. */
  readonly minDelay?: number
  /** The longest wait, ms: short enough for clients to be served within 2 s of a node's return. Default 1,000. */
  readonly maxDelay?: number
  /** Uniform in [0, 1). It shortens waits by up to half, so that replicas do not all come at once. Default `Math.random`. */
  random? (): number
  /** Default: the platform's. */
  readonly timers?: Pick<Timers, 'now' | 'after'>
}

/** A bitswap peer as a member. */
export interface PeerTargetInit extends MemberInit {
  /** The peer, if `locate` always finds the same. */
  readonly peer?: PeerId
  /**
   * Finds the peer: its id and where it listens. Called before every attempt to
   * connect, since a node may come back with another peer id.
   */
  locate (signal: AbortSignal): Promise<LocatedPeer>
  /** How long `locate` may take, ms. Default 2,000. */
  readonly locateTimeout?: number
  /** How long it may take to connect, ms, for each address that was located. Default 5,000. */
  readonly dialTimeout?: number
  /** What the peer can be asked for at once, where it differs from the router's limits. */
  readonly capacity?: Partial<Capacity>
  /**
   * Entries that it takes in one wantlist message: some nodes silently ignore longer ones. Default 1,024,
   * and fewer once it has ignored a message; what was learned is kept while the peer id stays the same.
   */
  readonly entries?: number
  readonly retry?: RetryInit
}

const OPTIONS: Readonly<Record<keyof PeerTargetInit, true>> = { id: true, weight: true, labels: true, peer: true, locate: true, locateTimeout: true, dialTimeout: true, capacity: true, entries: true, retry: true }
const RETRY_OPTIONS: Readonly<Record<keyof RetryInit, true>> = { minDelay: true, maxDelay: true, random: true, timers: true }

/**
 * A bitswap peer as a target. While it runs it keeps a session to the peer;
 * when the session ends it locates the peer again, since its id or addresses may
 * have changed, and dials. Each step is bounded in time, and it never gives up.
 *
 * @throws {InvalidOptionError} for an option that does not exist, and a number that is invalid
 */
export function peerTarget (init: PeerTargetInit): TargetInit {
  const { id, weight, labels, peer } = init
  const checked = checkPeerTargetInit(`peer "${id}": `, init)

  return { id, weight, labels, peer, create: context => new PeerTarget(checked, context) }
}

function checkPeerTargetInit (at: string, init: PeerTargetInit): PeerTargetInit {
  checkNames(at, init, Object.keys(OPTIONS))
  const { entries, locateTimeout, dialTimeout, capacity, retry } = init
  checkNumbers<'entries'>(at, { entries }, { entries: true })
  checkNumbers(at, { locateTimeout, dialTimeout }, { locateTimeout: true, dialTimeout: true }, { ranges: { locateTimeout: [1, MAX_DELAY], dialTimeout: [1, MAX_DELAY] } })
  const checkedCapacity = checkCapacity(at, capacity)
  checkNames(`${at}retry.`, retry, Object.keys(RETRY_OPTIONS))
  const { minDelay, maxDelay } = retry ?? {}
  checkNumbers(`${at}retry.`, { minDelay, maxDelay }, { minDelay: true, maxDelay: true }, { ranges: { minDelay: [0, MAX_DELAY], maxDelay: [1, MAX_DELAY] } })

  return { ...init, capacity: checkedCapacity }
}

/** How one session went: why it ended, and for how long it was up, ms. */
interface Ended {
  readonly why: Error
  readonly held: number
}

class PeerTarget implements Target {
  readonly #init: PeerTargetInit
  readonly #context: TargetContext
  readonly #log: Logger
  readonly #timers: Pick<Timers, 'now' | 'after'>
  readonly #stopping = new AbortController()
  #session: PeerSession | undefined
  #endSession: ((why: Error) => void) | undefined
  #running: Promise<void> | undefined
  /** What was learned about the peer. */
  #learned: { readonly peer: string, readonly entries: number } | undefined

  constructor (init: PeerTargetInit, context: TargetContext) {
    this.#init = init
    this.#context = context
    this.#log = context.logger.forComponent('kitsune:peer-target')
    this.#timers = init.retry?.timers ?? platformTimers
  }

  start (sink: Sink): void {
    this.#running ??= this.#run(sink)
  }

  async stop (): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  // without a session there is nowhere to send to: going down released everything that was asked
  ask (wants: readonly TargetWant[]): void {
    this.#session?.ask(wants)
  }

  cancel (wants: readonly CancelledWant[]): void {
    this.#session?.cancel(wants)
  }

  reset (why: string): void {
    this.#endSession?.(new SessionResetError(`the session was ended, since it ${why}`))
  }

  /** Holds one session after another until it is stopped. */
  async #run (sink: Sink): Promise<void> {
    const { id, retry: { minDelay = DEFAULT_MIN_DELAY, maxDelay = DEFAULT_MAX_DELAY, random = Math.random } = {} } = this.#init
    const { signal } = this.#stopping
    let failures = 0

    while (!signal.aborted) {
      const { why, held } = await this.#hold(sink).catch((why: Error): Ended => ({ why, held: 0 }))

      if (signal.aborted) {
        break
      }

      // only the first failure of an outage is news
      const report = failures === 0 ? this.#log.error : this.#log
      report('%s is down, trying again - %e', id, why)
      sink.down(why)

      // a peer that accepts connections only to close them is not dialled in a loop
      failures = held > maxDelay ? 0 : failures
      await pause(Math.min(maxDelay, minDelay * 2 ** failures) * (1 - random() / 2), this.#timers, signal)
      failures++
    }
  }

  /** One session, from locating the peer until the session has closed. */
  async #hold (sink: Sink): Promise<Ended> {
    const { id, capacity } = this.#init
    const { signal } = this.#stopping
    const located = await this.#locate()
    const closed = Promise.withResolvers<Error | undefined>()
    // a session that was given up may still report something
    let over = false
    const handlers: PeerSessionHandlers = {
      block: (prefix, bytes, verified) => over ? undefined : sink.block(prefix, bytes, verified),
      presence (key, have) { over || sink.answer(key, have ? 'have' : 'dont-have') },
      load (pendingBytes) { over || sink.load(pendingBytes) },
      closed: closed.resolve
    }
    const onStop = (): void => { closed.resolve(undefined) }
    signal.addEventListener('abort', onStop)
    this.#endSession = closed.resolve

    try {
      const session = this.#session = await this.#open(located, handlers)
      const since = this.#timers.now()
      this.#log('%s is up as %p', id, located.peer)
      sink.up({ supportsDontHave: session.supportsDontHave, ...capacity }, located.peer.toString())
      const why = await closed.promise ?? new ConnectionClosedError('the last connection to the peer has closed')

      return { why, held: this.#timers.now() - since }
    } finally {
      over = true
      signal.removeEventListener('abort', onStop)
      this.#endSession = undefined
      this.#session?.close()
      this.#session = undefined
    }
  }

  async #locate (): Promise<LocatedPeer> {
    return withTimeout(this.#init.locate, {
      timers: this.#timers,
      timeout: this.#init.locateTimeout ?? DEFAULT_LOCATE_TIMEOUT,
      signal: this.#stopping.signal,
      what: 'locating the peer'
    })
  }

  async #open (located: LocatedPeer, handlers: PeerSessionHandlers): Promise<PeerSession> {
    const { dialTimeout = DEFAULT_DIAL_TIMEOUT } = this.#init

    return withTimeout(async signal => this.#context.openPeer(located, handlers, signal, this.#limitOf(located)), {
      timers: this.#timers,
      timeout: dialTimeout * Math.max(1, located.addresses.length),
      signal: this.#stopping.signal,
      what: `connecting to ${located.peer}`,
      late: session => { session.close() }
    })
  }

  #limitOf ({ peer }: LocatedPeer): WantlistLimit {
    const id = peer.toString()

    return {
      entries: this.#learned?.peer === id ? this.#learned.entries : this.#init.entries,
      learned: fewer => {
        this.#log('%s answers no wantlist of more than %d entries: it is sent at most that many at once', this.#init.id, fewer)
        this.#learned = { peer: id, entries: fewer }
      }
    }
  }
}
