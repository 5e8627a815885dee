import { BITSWAP_PROTOCOLS, encodeFrame } from '@kitsune/bitswap-codec'
import { Uint8ArrayList } from 'uint8arraylist'
import { NetworkStoppedError, NoBitswapError, NotConnectedError, StreamTimeoutError } from './errors.ts'
import { messageSize } from './message-size.ts'
import { sentLog } from './sent-log.ts'
import type { NetworkLimits } from './defaults.ts'
import type { SentFrame, SentLog } from './sent-log.ts'
import type { NetworkStats } from './stats.ts'
import type { Watch, Watched } from './watch.ts'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Connection, Logger, Stream, StreamCloseEvent } from '@libp2p/interface'

/** Writes to one peer, on one stream at a time. */
export interface Writer extends Watched {
  /** Something can be taken: sends as much as the stream takes, now if there is a stream. Not to be called from inside `take`. */
  wake (): void
  /** Resolves when there is a stream; rejects if it cannot be opened. */
  open (signal: AbortSignal): Promise<void>
  /** A connection to the peer has opened: what was given up is tried again. */
  connected (): void
  /** Something is to be sent, or has not left yet, and there is a way to send it. */
  readonly busy: boolean
  /** Ends everything at once. */
  stop (error: Error): void
  /** Takes nothing more, lets what was taken leave, and stops. */
  close (signal: AbortSignal): Promise<void>
}

export interface WriterInit {
  limits: NetworkLimits
  stats: NetworkStats
  watch: Watch
  log: Logger
  now (): number
  random (): number
  /** Connections that a stream can be opened on, best first. */
  connections (): Connection[]
  /** The next message, or nothing. */
  take (maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
  /** The peer takes nothing: it should be disconnected. */
  stalled (): void
  /** The writer may have become idle. */
  rested (): void
}

interface Outbound {
  stream: Stream
  connection: Connection
  protocol: BitswapProtocol
  openedAt: number
  lastSent: number
  sent: SentLog
}

interface Waiter {
  resolve (): void
  reject (error: Error): void
}

/**
 * The stream is opened when there is something to send and retired when it has
 * been idle. Messages are taken only while the stream's buffer is below the high
 * water mark, so what a peer does not read stays in the engine, where it is
 * bounded, and the peer gets the latest word when it reads on.
 */
export function writer (init: WriterInit): Writer {
  const { limits, stats, log } = init
  const size = messageSize(limits)
  let current: Outbound | undefined
  let opening: { controller: AbortController, deadline: number } | undefined
  const lingering = new Map<Stream, number>()
  const waiters = new Set<Waiter>()
  let again: SentFrame[] = []
  let wanted = false
  let pumping = false
  let unsupported = false
  let failures = 0
  let retryAt = 0
  let stopped = false

  /** How long a message is kept after it has left. */
  function keep (connection: Connection): number {
    return Math.min(limits.idleTimeout, Math.max(limits.resendWindow, 4 * (connection.rtt ?? 0)))
  }

  function settle (outbound: Outbound, now: number): void {
    outbound.sent.settle(outbound.stream.writeBufferLength, now, keep(outbound.connection))
  }

  function pump (): void {
    if (pumping || stopped) {
      return
    }

    pumping = true

    try {
      let more = true

      while (more) {
        more = current != null && sendNext(current)
      }
    } catch (err) {
      log.error('could not send - %e', err)
    } finally {
      pumping = false
    }

    if (current == null) {
      open()
    }

    if (!wanted) {
      init.rested()
    }
  }

  function sendNext (outbound: Outbound): boolean {
    const { stream, sent } = outbound

    if (stream.writeStatus !== 'writable') {
      // libp2p closes it together with its connection; what it holds still leaves
      abandon(outbound)
      return false
    }

    const now = init.now()

    if (!sent.empty) {
      settle(outbound, now)
    }

    if (stream.writeBufferLength > limits.highWaterMark) {
      return false
    }

    const frame = nextFrame(outbound)

    if (frame == null) {
      return false
    }

    sent.add(frame, now)
    outbound.lastSent = now
    stats.framesOut++
    stats.bytesOut += frame.length
    stream.send(frame.chunks.length === 1 ? frame.chunks[0] : new Uint8ArrayList(...frame.chunks))

    return true
  }

  function nextFrame ({ protocol }: Outbound): SentFrame | undefined {
    const old = again.shift()

    if (old != null) {
      stats.resends++
      return old.protocol === protocol ? old : encode(old.message, protocol, old.resends)
    }

    if (!wanted) {
      return
    }

    // a wake from inside take() is not lost: the next tick sees it
    wanted = false
    const message = init.take(size.bytes, protocol)

    if (message != null) {
      wanted = true
      return encode(message, protocol, 0)
    }
  }

  function encode (message: Outgoing, protocol: BitswapProtocol, resends: number): SentFrame {
    const chunks = encodeFrame(message, protocol)
    let length = 0

    for (const chunk of chunks) {
      length += chunk.length
    }

    return { message, chunks, length, protocol, resends, at: 0, end: 0 }
  }

  /** The stream cannot be used any more, but has not been told to end. */
  function abandon (outbound: Outbound): void {
    current = undefined
    lingering.set(outbound.stream, init.now() + limits.lingerTimeout)
  }

  function open (): void {
    if (stopped || unsupported || opening != null || current != null) {
      return
    }

    if (!wanted && again.length === 0 && waiters.size === 0) {
      return
    }

    const connections = init.connections()

    if (connections.length === 0) {
      rejectWaiters(new NotConnectedError())
      return
    }

    const now = init.now()
    init.watch.add(self)

    if (now < retryAt) {
      return
    }

    // a connection that refuses streams may be dying: after a failure the next one is tried
    const connection = connections[failures % connections.length]
    const controller = new AbortController()
    opening = { controller, deadline: now + limits.openTimeout }

    connection.newStream([...BITSWAP_PROTOCOLS], {
      maxOutboundStreams: limits.maxOutboundStreams,
      runOnLimitedConnection: false,
      signal: controller.signal
    }).then(stream => { opened(stream, connection) }, (err: Error) => { openFailed(err) })
  }

  function opened (stream: Stream, connection: Connection): void {
    opening = undefined

    if (stopped) {
      stream.abort(new NotConnectedError())
      return
    }

    if (stream.status !== 'open') {
      openFailed(new NotConnectedError('The stream was reset while it was opened'))
      return
    }

    const now = init.now()
    const outbound: Outbound = {
      stream,
      connection,
      protocol: stream.protocol as BitswapProtocol,
      openedAt: now,
      lastSent: now,
      sent: sentLog(limits, size, now)
    }

    stats.streamsOpened++
    current = outbound

    // libp2p's own listener was there first and sends on in a microtask, so ours comes after that
    stream.addEventListener('drain', () => { queueMicrotask(pump) })
    stream.addEventListener('close', evt => { closed(outbound, evt) }, { once: true })
    // replies come on streams of their own, so whatever comes on this one need not be kept
    stream.closeRead().catch(() => {})

    for (const waiter of waiters) {
      waiter.resolve()
    }

    waiters.clear()
    init.watch.add(self)
    pump()
  }

  function openFailed (err: Error): void {
    opening = undefined
    stats.openFailures++

    if (stopped) {
      return
    }

    log('could not open a stream - %e', err)

    if (err.name === 'UnsupportedProtocolError') {
      unsupported = true
      wanted = false
      again = []
      rejectWaiters(new NoBitswapError(err.message))
    } else {
      backOff()
      rejectWaiters(err)
    }

    init.rested()
  }

  function backOff (): void {
    const wait = Math.min(limits.maxBackoff, limits.minBackoff * 2 ** Math.min(failures, 20))
    failures++
    // half of it is jitter, lest peers that were lost together come back together
    retryAt = init.now() + wait * (0.5 + init.random() / 2)
    init.watch.add(self)
  }

  function rejectWaiters (error: Error): void {
    for (const waiter of waiters) {
      waiter.reject(error)
    }

    waiters.clear()
  }

  function closed (outbound: Outbound, evt: StreamCloseEvent): void {
    lingering.delete(outbound.stream)

    if (stopped) {
      return
    }

    if (current === outbound) {
      current = undefined
    }

    const now = init.now()

    if (now - outbound.openedAt >= limits.minStreamLife) {
      failures = 0
    } else if (evt.error != null) {
      backOff()
    }

    // without an error it may be the connection that has gone, with whatever was under way
    again = outbound.sent.salvage(now, keep(outbound.connection)).concat(again)

    if (!pumping) {
      open()
    }

    init.rested()
  }

  function retire (outbound: Outbound, now: number): void {
    current = undefined
    lingering.set(outbound.stream, now + limits.lingerTimeout)
    outbound.stream.close().catch((err: Error) => {
      outbound.stream.abort(err)
    })
  }

  function tickCurrent (outbound: Outbound, now: number): void {
    settle(outbound, now)

    if (outbound.stream.writeBufferLength > 0) {
      if (now - outbound.sent.progressAt >= limits.stallTimeout) {
        stats.stalled++
        init.stalled()
        return
      }
    } else if (!wanted && again.length === 0 && outbound.sent.empty && now - outbound.lastSent >= limits.idleTimeout) {
      retire(outbound, now)
      return
    }

    // a drain event was missed, or take() was not ready for its own wake
    if (wanted || again.length > 0) {
      pump()
    }
  }

  const self: Writer = {
    wake () {
      wanted = true

      if (stopped || unsupported) {
        wanted = false
      } else if (current != null) {
        pump()
      } else {
        open()
      }
    },

    async open (signal) {
      signal.throwIfAborted()

      if (current != null && current.stream.writeStatus === 'writable') {
        return
      }

      if (unsupported) {
        throw new NoBitswapError()
      }

      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const waiter = { resolve, reject }
      const onAbort = (): void => { reject(signal.reason) }

      waiters.add(waiter)
      signal.addEventListener('abort', onAbort)

      try {
        // whoever asks for a connection does its own waiting between attempts
        retryAt = 0
        open()
        await promise
      } finally {
        waiters.delete(waiter)
        signal.removeEventListener('abort', onAbort)
      }
    },

    connected () {
      unsupported = false
      open()
    },

    get busy () {
      if (stopped || unsupported) {
        return false
      }

      if (current != null && (current.stream.writeBufferLength > 0 || current.stream.writableNeedsDrain)) {
        return true
      }

      for (const stream of lingering.keys()) {
        if (stream.writeBufferLength > 0) {
          return true
        }
      }

      return (wanted || again.length > 0) && (current != null || init.connections().length > 0)
    },

    tick (now) {
      if (stopped) {
        return false
      }

      for (const [stream, deadline] of lingering) {
        if (now >= deadline) {
          lingering.delete(stream)
          stream.abort(new StreamTimeoutError(`The peer did not close a stream within ${limits.lingerTimeout} ms`))
        }
      }

      if (opening != null) {
        if (now >= opening.deadline) {
          opening.controller.abort(new StreamTimeoutError(`No stream could be opened within ${limits.openTimeout} ms`))
        }
      } else if (current != null) {
        tickCurrent(current, now)
      } else {
        open()
      }

      return !stopped && (current != null || opening != null || lingering.size > 0 || ((wanted || again.length > 0) && init.connections().length > 0))
    },

    stop (error) {
      if (stopped) {
        return
      }

      stopped = true
      init.watch.remove(self)
      opening?.controller.abort(error)
      rejectWaiters(error)

      for (const stream of lingering.keys()) {
        stream.abort(error)
      }

      current?.stream.abort(error)
      current = undefined
      lingering.clear()
      again = []
      wanted = false
    },

    async close (signal) {
      const stream = current?.stream
      current = undefined
      self.stop(new NetworkStoppedError())

      try {
        await stream?.close({ signal })
      } catch (err) {
        stream?.abort(err as Error)
      }
    }
  }

  return self
}
