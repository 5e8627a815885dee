import { BITSWAP_PROTOCOLS, encodeFrame } from '@kitsune/bitswap-codec'
import { Uint8ArrayList } from 'uint8arraylist'
import { NetworkStoppedError, StreamTimeoutError } from './errors.ts'
import { messageSize } from './message-size.ts'
import { opener } from './opener.ts'
import { sentLog } from './sent-log.ts'
import { windowBound } from './window-bound.ts'
import type { OpenerInit } from './opener.ts'
import type { SentFrame, SentLog } from './sent-log.ts'
import type { Watch, Watched } from './watch.ts'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Connection, Stream, StreamCloseEvent } from '@libp2p/interface'

/** Writes to one peer, on one stream at a time. */
export interface Writer extends Watched {
  /** Something can be taken: sends as much as the stream takes, now if there is a stream. Not to be called from inside `take`. */
  wake (): void
  /** Resolves with the protocol of the stream when there is one; rejects if it cannot be opened. */
  open (signal: AbortSignal): Promise<BitswapProtocol>
  /** A connection to the peer has opened: what was given up is tried again. */
  connected (): void
  /** Gives up what earlier streams may not have delivered: whoever calls has it sent in another way. */
  surrender (): Outgoing[]
  /** Something is to be sent, or has not left yet, and there is a way to send it. */
  readonly busy: boolean
  /** Ends everything at once. */
  stop (error: Error): void
  /** Takes nothing more, lets what was taken leave, and stops. */
  close (signal: AbortSignal): Promise<void>
}

export interface WriterInit extends Omit<OpenerInit, 'opened' | 'failed'> {
  readonly watch: Watch
  /** The next message, or nothing. */
  take (maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
  /** There may be more to take, and the peer's window bounds what the stream carries over a long line. */
  full? (): void
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

/**
 * The stream is opened when there is something to send and retired when it has
 * been idle. Messages are taken only while the stream's buffer is below the high
 * water mark, so what a peer does not read stays in the engine, where it is
 * bounded, and the peer gets the latest word when it reads on.
 */
export function writer (init: WriterInit): Writer {
  const { limits, stats, log } = init
  const size = messageSize(limits)
  const streams = opener({ ...init, opened, failed })
  const bound = windowBound(limits.laneBytes, init.now)
  /** Bytes that were handed to streams. */
  let handed = 0
  /** The stream that is written to. */
  let current: Outbound | undefined
  /** What the last stream speaks. */
  let negotiated: BitswapProtocol = BITSWAP_PROTOCOLS[0]
  /** Streams that are closing, and when they are reset. */
  const lingering = new Map<Stream, number>()
  /** What earlier streams may not have delivered. */
  let again: SentFrame[] = []
  let wanted = false
  let pumping = false
  let stopped = false

  /** How long a message is kept after it has left. */
  function keep (connection: Connection): number {
    return Math.min(limits.idleTimeout, Math.max(limits.resendWindow, 4 * (connection.rtt ?? 0)))
  }

  function settle ({ stream, connection, sent }: Outbound, now: number): void {
    sent.settle(stream.writeBufferLength, now, keep(connection))
  }

  function lookAt (outbound: Outbound | undefined): void {
    if (outbound != null) {
      bound.look(outbound.stream, handed - outbound.stream.writeBufferLength)
    }
  }

  function pump (): void {
    if (pumping || stopped) {
      return
    }

    pumping = true

    lookAt(current)

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

    lookAt(current)

    if (current == null) {
      open()
    }

    if (!wanted) {
      init.rested()
    } else if (bound.reached) {
      init.full?.()
    }
  }

  function sendNext (outbound: Outbound): boolean {
    const { stream, sent } = outbound

    if (stream.writeStatus !== 'writable') {
      // libp2p closes it together with its connection; what it holds still leaves
      linger(outbound, init.now())
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
    handed += frame.length
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

  function hasMessages (): boolean {
    return wanted || again.length > 0
  }

  function open (): void {
    if (!stopped && current == null && (hasMessages() || streams.requested)) {
      streams.open()

      if (streams.opening || init.connections().length > 0) {
        init.watch.add(self)
      }
    }
  }

  function opened (stream: Stream, connection: Connection): void {
    const now = init.now()
    const outbound: Outbound = {
      stream,
      connection,
      protocol: stream.protocol as BitswapProtocol,
      openedAt: now,
      lastSent: now,
      sent: sentLog(limits, size, now)
    }

    current = outbound
    negotiated = outbound.protocol
    // libp2p's own listener was there first and sends on in a microtask, so ours comes after that
    stream.addEventListener('drain', () => { queueMicrotask(pump) })
    stream.addEventListener('close', evt => { closed(outbound, evt) }, { once: true })
    // replies come on streams of their own, so whatever comes on this one need not be kept
    stream.closeRead().catch(() => {})
    init.watch.add(self)
    pump()
  }

  function failed (): void {
    if (streams.hopeless) {
      wanted = false
      again = []
    }

    init.rested()
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
      streams.worked()
    } else if (evt.error != null) {
      streams.broke()
    }

    // without an error it may be the connection that has gone, with whatever was under way
    again = outbound.sent.salvage(now, keep(outbound.connection)).concat(again)

    if (!pumping) {
      open()
    }

    init.rested()
  }

  /** The stream is closing and is not written to any more. */
  function linger (outbound: Outbound, now: number): void {
    current = undefined
    lingering.set(outbound.stream, now + limits.lingerTimeout)
  }

  function tickCurrent (outbound: Outbound, now: number): void {
    const { stream, sent } = outbound
    settle(outbound, now)

    if (stream.writeBufferLength > 0) {
      if (now - sent.progressAt >= limits.stallTimeout) {
        stats.stalled++
        init.stalled()
        return
      }
    } else if (!hasMessages() && sent.empty && now - outbound.lastSent >= limits.idleTimeout) {
      linger(outbound, now)
      stream.close().catch((err: Error) => { stream.abort(err) })
      return
    }

    // a drain event was missed, or take() was not ready for its own wake
    if (hasMessages()) {
      pump()
    }
  }

  function tickLingering (now: number): void {
    for (const [stream, deadline] of lingering) {
      if (now >= deadline) {
        lingering.delete(stream)
        stream.abort(new StreamTimeoutError(`The peer did not close a stream within ${limits.lingerTimeout} ms`))
      }
    }
  }

  const self: Writer = {
    wake () {
      if (stopped || streams.hopeless) {
        return
      }

      wanted = true

      if (current != null) {
        pump()
      } else {
        open()
      }
    },

    async open (signal) {
      if (current != null && current.stream.writeStatus !== 'writable') {
        linger(current, init.now())
      }

      if (current == null) {
        const requested = streams.request(signal)
        init.watch.add(self)
        await requested
      }

      return negotiated
    },

    connected () {
      streams.renew()
      open()
    },

    surrender () {
      const messages = again.map(({ message }) => message)
      again = []
      return messages
    },

    get busy () {
      if (stopped || streams.hopeless) {
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

      return hasMessages() && (current != null || init.connections().length > 0)
    },

    tick (now) {
      if (stopped) {
        return false
      }

      tickLingering(now)
      streams.tick(now)

      if (current != null) {
        tickCurrent(current, now)
      } else {
        open()
      }

      return !stopped && (current != null || streams.opening || lingering.size > 0 || (hasMessages() && init.connections().length > 0))
    },

    stop (error) {
      if (stopped) {
        return
      }

      stopped = true
      init.watch.remove(self)
      streams.stop(error)

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
