import { ConnectionClosedError } from '@libp2p/interface'
import { InvalidOptionError, SessionResetError } from '../errors.ts'
import { platformTimers } from '../timers.ts'
import { withTimeout } from './timeout.ts'
import type { Capacity, LocatedPeer, MemberInit, PeerSession, PeerSessionHandlers, Sink, Target, TargetContext, TargetInit, WantlistLimit } from './target.ts'
import type { Timers } from '../timers.ts'
import type { PeerId } from '@libp2p/interface'

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

export interface PeerTargetInit extends MemberInit {
  /** The peer, if `locate` always finds the same. */
  readonly peer?: PeerId
  /**
   * Finds the peer: its id and where it listens. Called before every attempt to
   * connect, since a node may come back as somebody else.
   */
  locate (signal: AbortSignal): Promise<LocatedPeer>
  /** How long `locate` may take, ms. Default 2,000. */
  readonly locateTimeout?: number
  /** How long it may take to connect, ms, for each address that was located. Default 5,000. */
  readonly dialTimeout?: number
  /** What the peer can be asked for at once, where it differs from the router's limits. */
  readonly capacity?: Partial<Capacity>
  /**
   * Entries that it takes in one wantlist message: some nodes ignore longer ones, without a word. Default 1,024,
   * and fewer once it has ignored a message; what was learned is kept while the peer id stays the same.
   */
  readonly entries?: number
  readonly retry?: RetryInit
}

/** How one session went: why it ended, and for how long it was up, ms. */
interface Ended {
  readonly why: Error
  readonly held: number
}

/**
 * A bitswap peer as a target. While it is started it keeps a session to the peer;
 * whenever there is none it locates the peer anew, since its id or addresses may
 * have changed, and dials. Each step is bounded in time, and it never gives up.
 *
 * @throws {InvalidOptionError} if `entries` is not a whole number above 0
 */
export function peerTarget (init: PeerTargetInit): TargetInit {
  const { id, weight, labels, peer, entries } = init
  if (entries != null && !(Number.isInteger(entries) && entries > 0)) {
    throw new InvalidOptionError(`"${id}": entries is a whole number above 0, not ${entries}`)
  }
  return { id, weight, labels, peer, create: context => createPeerTarget(init, context) }
}

function createPeerTarget (init: PeerTargetInit, context: TargetContext): Target {
  const { id, locateTimeout = 2000, dialTimeout = 5000, capacity, entries, retry = {} } = init
  const { minDelay = 100, maxDelay = 1000, random = Math.random, timers = platformTimers } = retry
  const log = context.logger.forComponent('kitsune:peer-target')
  const stopping = new AbortController()
  const { signal } = stopping
  let session: PeerSession | undefined
  let endSession: ((why: Error) => void) | undefined
  let running: Promise<void> | undefined
  /** What was learned of the peer. */
  let learned: { readonly peer: string, readonly entries: number } | undefined

  /** One session, from locating the peer until the session has closed. */
  async function hold (sink: Sink): Promise<Ended> {
    const located = await withTimeout(init.locate, { timers, timeout: locateTimeout, signal, what: 'locating the peer' })
    const closed = Promise.withResolvers<Error | undefined>()
    // a session that was given up may still have something to say
    let over = false
    const handlers: PeerSessionHandlers = {
      block: (prefix, bytes, verified) => over ? undefined : sink.block(prefix, bytes, verified),
      presence (key, have) { over || sink.answer(key, have ? 'have' : 'lack') },
      load (pendingBytes) { over || sink.load(pendingBytes) },
      closed: closed.resolve
    }
    const onStop = (): void => { closed.resolve(undefined) }
    signal.addEventListener('abort', onStop)
    endSession = closed.resolve

    try {
      session = await withTimeout(async signal => context.openPeer(located, handlers, signal, limitOf(located)), {
        timers,
        timeout: dialTimeout * Math.max(1, located.addresses.length),
        signal,
        what: `connecting to ${located.peer}`,
        late: session => { session.close() }
      })
      const since = timers.now()
      log('%s is up as %p', id, located.peer)
      sink.up({ denies: session.denies, ...capacity }, located.peer.toString())
      const why = await closed.promise ?? new ConnectionClosedError('the last connection to the peer has closed')

      return { why, held: timers.now() - since }
    } finally {
      over = true
      signal.removeEventListener('abort', onStop)
      endSession = undefined
      session?.close()
      session = undefined
    }
  }

  function limitOf ({ peer }: LocatedPeer): WantlistLimit {
    const id = peer.toString()
    return {
      entries: learned?.peer === id ? learned.entries : entries,
      learned (fewer) {
        log('%s answers no wantlist of more than %d entries: it is sent at most that many at once', init.id, fewer)
        learned = { peer: id, entries: fewer }
      }
    }
  }

  async function run (sink: Sink): Promise<void> {
    let failures = 0

    while (!signal.aborted) {
      const { why, held } = await hold(sink).catch((why: Error): Ended => ({ why, held: 0 }))

      if (signal.aborted) {
        break
      }

      // the first failure of an outage is news, the others repeat it
      const report = failures === 0 ? log.error : log
      report('%s is down, trying again - %e', id, why)
      sink.down(why)

      // a peer that accepts connections only to close them is not dialled in a loop
      failures = held > maxDelay ? 0 : failures
      await pause(Math.min(maxDelay, minDelay * 2 ** failures) * (1 - random() / 2))
      failures++
    }
  }

  async function pause (ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const onStop = (): void => { resolve() }
    const cancelTimer = timers.after(ms, resolve)
    signal.addEventListener('abort', onStop)
    await promise
    cancelTimer()
    signal.removeEventListener('abort', onStop)
  }

  return {
    start (sink) {
      running ??= run(sink)
    },

    async stop () {
      stopping.abort()
      await running
    },

    // without a session there is nobody to tell: going down released all that was asked
    ask (wants) { session?.ask(wants) },
    cancel (wants) { session?.cancel(wants) },
    reset (why) { endSession?.(new SessionResetError(`the session was ended, since it ${why}`)) }
  }
}
