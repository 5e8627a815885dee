import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import { NoBitswapError, NotConnectedError, StreamTimeoutError } from './errors.ts'
import type { NetworkLimits } from './defaults.ts'
import type { NetworkStats } from './stats.ts'
import type { Connection, Logger, Stream } from '@libp2p/interface'

/** Opens streams to one peer, one at a time, and waits longer after each failure. */
export interface Opener {
  /** Begins to open a stream, unless one is being opened, it has to wait, or the peer does not support bitswap. */
  open (): void
  /** Begins to open a stream at once, and rejects if this attempt fails. */
  request (signal: AbortSignal): Promise<void>
  /** A stream broke soon after it was opened: that counts as a failure. */
  broke (): void
  /** A stream has worked: earlier failures are forgotten. */
  worked (): void
  /** There is a new connection, on which the peer may support bitswap. */
  renew (): void
  /** Another connection is written to: earlier failures are forgotten, and a stream that is being opened on another is given up. */
  redirect (): void
  /** Checks the timeout. */
  tick (now: number): void
  /** Ends the attempt; no stream is reported any more. */
  stop (error: Error): void
  /** A stream is being opened. */
  readonly opening: boolean
  /** A call of `request` is waiting. */
  readonly requested: boolean
  /** The peer does not support bitswap, so nothing is tried until it connects again. */
  readonly unsupported: boolean
  /** It has state that a new opener would not have: a stream is being opened, or the last could not be. */
  readonly busy: boolean
}

/** What an opener is made with. */
export interface OpenerInit {
  readonly limits: NetworkLimits
  readonly stats: NetworkStats
  readonly log: Logger
  now (): number
  random (): number
  /** Connections that a stream can be opened on, best first. */
  connections (): Connection[]
  /** A stream was opened. */
  opened (stream: Stream, connection: Connection): void
  /** No stream could be opened. */
  failed (): void
  /** No stream could be opened on that connection. */
  refused (connection: Connection, error: Error): void
}

/** A stream that is being opened. */
interface Attempt {
  readonly connection: Connection
  readonly controller: AbortController
  readonly deadline: number
}

interface Waiter {
  resolve (): void
  reject (error: Error): void
}

/** Makes the opener of one peer's outbound streams. */
export function createOpener (init: OpenerInit): Opener {
  return new StreamOpener(init)
}

class StreamOpener implements Opener {
  readonly #init: OpenerInit
  readonly #waiters = new Set<Waiter>()
  #attempt: Attempt | undefined
  #unsupported = false
  #failures = 0
  #retryAt = 0
  #stopped = false

  constructor (init: OpenerInit) {
    this.#init = init
  }

  get opening (): boolean {
    return this.#attempt != null
  }

  get requested (): boolean {
    return this.#waiters.size > 0
  }

  get unsupported (): boolean {
    return this.#unsupported
  }

  get busy (): boolean {
    return this.#attempt != null || this.#waiters.size > 0 || this.#unsupported || this.#failures > 0
  }

  open (): void {
    if (this.#stopped || this.#unsupported || this.#attempt != null) {
      return
    }

    const connections = this.#init.connections()

    if (connections.length === 0) {
      this.#rejectWaiters(new NotConnectedError())

      return
    }

    const now = this.#init.now()

    if (now >= this.#retryAt) {
      // a connection that refuses streams may be broken: after a failure the next one is tried
      this.#begin(connections[this.#failures % connections.length], now)
    }
  }

  async request (signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()

    if (this.#unsupported) {
      throw new NoBitswapError()
    }

    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { resolve, reject }
    const onAbort = (): void => { reject(signal.reason) }

    this.#waiters.add(waiter)
    signal.addEventListener('abort', onAbort)

    try {
      // callers of `request` wait between attempts themselves
      this.#retryAt = 0
      this.open()
      await promise
    } finally {
      this.#waiters.delete(waiter)
      signal.removeEventListener('abort', onAbort)
    }
  }

  broke (): void {
    const { limits, now, random } = this.#init
    const wait = Math.min(limits.maxBackoff, limits.minBackoff * 2 ** Math.min(this.#failures, 20))
    this.#failures++
    // half of the wait is jitter, so that peers that were lost together do not reconnect together
    this.#retryAt = now() + wait * (0.5 + random() / 2)
  }

  worked (): void {
    this.#failures = 0
  }

  renew (): void {
    this.#unsupported = false
  }

  redirect (): void {
    this.#failures = 0
    this.#retryAt = 0
    const attempt = this.#attempt

    if (attempt != null && attempt.connection !== this.#init.connections()[0]) {
      this.#attempt = undefined
      attempt.controller.abort(new NotConnectedError('Another connection to the peer is written to'))
    }
  }

  tick (now: number): void {
    if (this.#attempt != null && now >= this.#attempt.deadline) {
      this.#attempt.controller.abort(new StreamTimeoutError(`No stream could be opened within ${this.#init.limits.openTimeout} ms`))
    }
  }

  stop (error: Error): void {
    this.#stopped = true
    this.#attempt?.controller.abort(error)
    this.#rejectWaiters(error)
  }

  #begin (connection: Connection, now: number): void {
    const { limits } = this.#init
    const controller = new AbortController()
    const attempt = { connection, controller, deadline: now + limits.openTimeout }
    this.#attempt = attempt

    connection.newStream([...BITSWAP_PROTOCOLS], {
      maxOutboundStreams: limits.maxOutboundStreams,
      runOnLimitedConnection: false,
      signal: controller.signal
    }).then(stream => { this.#opened(stream, attempt) }, (err: Error) => {
      if (this.#attempt === attempt) {
        this.#failed(err, connection)
      }
    })
  }

  #opened (stream: Stream, attempt: Attempt): void {
    if (this.#stopped || this.#attempt !== attempt) {
      stream.abort(new NotConnectedError())

      return
    }

    if (stream.status !== 'open') {
      this.#failed(new NotConnectedError('The stream was reset while it was opened'), attempt.connection)

      return
    }

    this.#attempt = undefined
    this.#init.stats.streamsOpened++

    for (const waiter of this.#waiters) {
      waiter.resolve()
    }

    this.#waiters.clear()
    this.#init.opened(stream, attempt.connection)
  }

  #failed (err: Error, connection: Connection): void {
    this.#attempt = undefined
    this.#init.stats.openFailures++

    if (this.#stopped) {
      return
    }

    this.#init.log('could not open a stream - %e', err)

    if (err.name === 'UnsupportedProtocolError') {
      this.#unsupported = true
      this.#rejectWaiters(new NoBitswapError(err.message))
    } else {
      this.broke()
      this.#rejectWaiters(err)
    }

    this.#init.failed()
    this.#init.refused(connection, err)
  }

  #rejectWaiters (error: Error): void {
    for (const waiter of this.#waiters) {
      waiter.reject(error)
    }

    this.#waiters.clear()
  }
}
