import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import { NoBitswapError, NotConnectedError, StreamTimeoutError } from './errors.ts'
import type { NetworkLimits } from './defaults.ts'
import type { NetworkStats } from './stats.ts'
import type { Connection, Logger, Stream } from '@libp2p/interface'

/** Opens one stream at a time to one peer, and waits longer after each failure. */
export interface Opener {
  /** Asks for a stream, unless one is asked for, it has to wait, or it is no use. */
  open (): void
  /** Asks for a stream at once, and rejects if this attempt fails. */
  request (signal: AbortSignal): Promise<void>
  /** A stream broke soon after it was opened: that counts as a failure. */
  broke (): void
  /** A stream has lived: earlier failures are forgotten. */
  worked (): void
  /** There is a new connection: what was hopeless may not be. */
  renew (): void
  /** Another connection is the first: earlier failures are forgotten, and a stream that is being asked for elsewhere is not waited for any more. */
  redirect (): void
  /** Looks at the timeout. */
  tick (now: number): void
  /** No stream is handed over any more. */
  stop (error: Error): void
  /** A stream is being asked for. */
  readonly opening: boolean
  /** Somebody has requested a stream. */
  readonly requested: boolean
  /** The peer has no bitswap, so nothing is tried until it connects anew. */
  readonly hopeless: boolean
}

export interface OpenerInit {
  readonly limits: NetworkLimits
  readonly stats: NetworkStats
  readonly log: Logger
  now (): number
  random (): number
  /** Connections that a stream can be opened on, best first. */
  connections (): Connection[]
  /** There is a stream. */
  opened (stream: Stream, connection: Connection): void
  /** There is none. */
  failed (): void
}

/** A stream that is being asked for. */
interface Attempt {
  readonly connection: Connection
  readonly controller: AbortController
  readonly deadline: number
}

interface Waiter {
  resolve (): void
  reject (error: Error): void
}

export function createOpener (init: OpenerInit): Opener {
  const { limits, stats, log } = init
  const waiters = new Set<Waiter>()
  let opening: Attempt | undefined
  let hopeless = false
  let failures = 0
  let retryAt = 0
  let stopped = false

  function open (): void {
    if (stopped || hopeless || opening != null) {
      return
    }

    const connections = init.connections()

    if (connections.length === 0) {
      rejectWaiters(new NotConnectedError())
      return
    }

    const now = init.now()

    if (now < retryAt) {
      return
    }

    // a connection that refuses streams may be dying: after a failure the next one is tried
    const connection = connections[failures % connections.length]
    const controller = new AbortController()
    const attempt = { connection, controller, deadline: now + limits.openTimeout }
    opening = attempt

    connection.newStream([...BITSWAP_PROTOCOLS], {
      maxOutboundStreams: limits.maxOutboundStreams,
      runOnLimitedConnection: false,
      signal: controller.signal
    }).then(stream => { opened(stream, attempt) }, (err: Error) => {
      if (opening === attempt) {
        failed(err)
      }
    })
  }

  function opened (stream: Stream, attempt: Attempt): void {
    if (stopped || opening !== attempt) {
      stream.abort(new NotConnectedError())
      return
    }

    if (stream.status !== 'open') {
      failed(new NotConnectedError('The stream was reset while it was opened'))
      return
    }

    opening = undefined
    stats.streamsOpened++

    for (const waiter of waiters) {
      waiter.resolve()
    }

    waiters.clear()
    init.opened(stream, attempt.connection)
  }

  function failed (err: Error): void {
    opening = undefined
    stats.openFailures++

    if (stopped) {
      return
    }

    log('could not open a stream - %e', err)

    if (err.name === 'UnsupportedProtocolError') {
      hopeless = true
      rejectWaiters(new NoBitswapError(err.message))
    } else {
      backOff()
      rejectWaiters(err)
    }

    init.failed()
  }

  function backOff (): void {
    const wait = Math.min(limits.maxBackoff, limits.minBackoff * 2 ** Math.min(failures, 20))
    failures++
    // half of it is jitter, lest peers that were lost together come back together
    retryAt = init.now() + wait * (0.5 + init.random() / 2)
  }

  function rejectWaiters (error: Error): void {
    for (const waiter of waiters) {
      waiter.reject(error)
    }

    waiters.clear()
  }

  return {
    open,

    async request (signal) {
      signal.throwIfAborted()

      if (hopeless) {
        throw new NoBitswapError()
      }

      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const waiter = { resolve, reject }
      const onAbort = (): void => { reject(signal.reason) }

      waiters.add(waiter)
      signal.addEventListener('abort', onAbort)

      try {
        // whoever requests a stream does its own waiting between attempts
        retryAt = 0
        open()
        await promise
      } finally {
        waiters.delete(waiter)
        signal.removeEventListener('abort', onAbort)
      }
    },

    broke: backOff,

    worked () {
      failures = 0
    },

    renew () {
      hopeless = false
    },

    redirect () {
      failures = 0
      retryAt = 0

      if (opening != null && opening.connection !== init.connections()[0]) {
        const { controller } = opening
        opening = undefined
        controller.abort(new NotConnectedError('The peer is to be written to on another connection'))
      }
    },

    tick (now) {
      if (opening != null && now >= opening.deadline) {
        opening.controller.abort(new StreamTimeoutError(`No stream could be opened within ${limits.openTimeout} ms`))
      }
    },

    stop (error) {
      stopped = true
      opening?.controller.abort(error)
      rejectWaiters(error)
    },

    get opening () {
      return opening != null
    },

    get requested () {
      return waiters.size > 0
    },

    get hopeless () {
      return hopeless
    }
  }
}
