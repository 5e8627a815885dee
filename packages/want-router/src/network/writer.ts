import { BITSWAP_PROTOCOLS, encodeFrame } from '@kitsune/bitswap-codec'
import { Uint8ArrayList } from 'uint8arraylist'
import { createClosingStreams } from './closing-streams.ts'
import { NetworkStoppedError } from './errors.ts'
import { createMessageSize } from './message-size.ts'
import { createOpener } from './opener.ts'
import { createOutboundStream } from './outbound-stream.ts'
import { createSentLog } from './sent-log.ts'
import { createWindowBound } from './window-bound.ts'
import type { InFlightBudget } from './in-flight.ts'
import type { OpenerInit } from './opener.ts'
import type { Outbound } from './outbound-stream.ts'
import type { Keep, SentFrame } from './sent-log.ts'
import type { Watch, Watched } from './watch.ts'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Connection, Stream, StreamCloseEvent } from '@libp2p/interface'

/** Writes to one peer, on one stream at a time. */
export interface Writer extends Watched {
  /** Something can be taken: sends as much as the stream takes, now if there is a stream. Not to be called from inside `take`. */
  wake (): void
  /** Sends a message without content unless another goes out first. */
  greet (): void
  /** Resolves with the protocol of the stream when there is one; rejects if it cannot be opened. */
  open (signal: AbortSignal): Promise<BitswapProtocol>
  /** A connection to the peer has opened: what was given up is tried again. */
  connected (): void
  /** Gives up what earlier streams may not have delivered: whoever calls has it sent in another way. */
  surrender (): Outgoing[]
  /** Another connection may be the first now, or it may be written again. */
  moved (): void
  /** The connection that has the stream which is written to. */
  readonly connection: Connection | undefined
  /** For how long nothing of what waits to leave on that connection has left, ms; 0 if nothing waits. */
  stuck (connection: Connection): number
  /** Something is to be sent, or has not left yet, and there is a way to send it. */
  readonly busy: boolean
  /** Ends everything at once. */
  stop (error: Error): void
  /** Takes nothing more, lets what was taken leave, and stops. */
  close (signal: AbortSignal): Promise<void>
}

export interface WriterInit extends Omit<OpenerInit, 'opened' | 'failed'> {
  readonly watch: Watch
  readonly budget: InFlightBudget
  /** Nothing is to be written for the moment. */
  undecided (): boolean
  /** The connection has ended, and what was sent on it is not to be sent again. */
  isLost (connection: Connection): boolean
  /** The next message, or nothing. */
  take (maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
  /** There may be more to take, and the peer's window bounds what the stream carries over a long line. */
  full? (): void
  /** The peer takes nothing: it should be disconnected. */
  stalled (): void
  /** The writer may have become idle. */
  rested (): void
}

/**
 * The stream is opened when there is something to send and retired when it has
 * been idle. Messages are taken only while the stream's buffer is below the high
 * water mark, so what a peer does not read stays in the engine, where it is
 * bounded, and the peer gets the latest word when it reads on.
 *
 * It is opened on the first of the peer's connections. When another becomes the
 * first, what the old stream holds leaves there, and if it does not move it is
 * sent once more on the new one.
 */
export function createWriter (init: WriterInit): Writer {
  const { limits, stats, log } = init
  const size = createMessageSize(limits)
  const streams = createOpener({ ...init, opened, failed })
  const bound = createWindowBound(limits.laneBytes, init.now)
  /** Bytes that were handed to streams. */
  let handed = 0
  /** The stream that is written to. */
  let current: Outbound | undefined
  /** What the last stream speaks. */
  let negotiated: BitswapProtocol = BITSWAP_PROTOCOLS[0]
  /** Streams that are closing. */
  const closing = createClosingStreams(limits)
  /** What earlier streams may not have delivered. */
  let again: SentFrame[] = []
  /** Streams that have ended, of which it is not known yet whether their connections have, too. */
  let ended = 0
  let wanted = false
  let greeting = false
  let pumping = false
  let stopped = false

  /** What is kept once it has left. */
  function keep (connection: Connection): Keep {
    return {
      recent: Math.min(limits.idleTimeout, Math.max(limits.resendWindow, 4 * (connection.rtt ?? 0))),
      spare: init.connections().some(other => other !== connection)
    }
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
    if (pumping || stopped || init.undecided()) {
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
    open()

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
      retire(outbound, init.now())
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
      greeting = false
      return old.protocol === protocol ? old : encode(old.message, protocol, old.resends)
    }

    if (wanted) {
      // a wake from inside take() is not lost: the next tick sees it
      wanted = false
      const message = init.take(size.bytes, protocol)

      if (message != null) {
        wanted = true
        greeting = false
        return encode(message, protocol, 0)
      }
    }

    if (greeting) {
      greeting = false
      // it is worth nothing once it is late
      return encode({}, protocol, limits.maxResends)
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

  function hasWork (): boolean {
    return hasMessages() || greeting
  }

  function open (): void {
    if (!stopped && current == null && ((hasWork() && !init.undecided()) || streams.requested)) {
      streams.open()

      if (streams.opening || init.connections().length > 0) {
        init.watch.add(self)
      }
    }
  }

  function opened (stream: Stream, connection: Connection): void {
    const now = init.now()
    const outbound = createOutboundStream(stream, connection, createSentLog(limits, size, init.budget, now), now)
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
      greeting = false
      again = []
    }

    init.rested()
  }

  function closed (outbound: Outbound, evt: StreamCloseEvent): void {
    closing.delete(outbound)

    if (stopped) {
      outbound.sent.clear()
      return
    }

    if (current === outbound) {
      current = undefined
    }

    ended++
    // libp2p ends the streams of a connection before the connection
    queueMicrotask(() => {
      ended--
      salvage(outbound, evt.error != null)
    })
  }

  /** Takes what a stream that has ended may not have delivered, to be sent again. */
  function salvage ({ connection, openedAt, sent, acknowledged }: Outbound, broken: boolean): void {
    const connected = connection.status === 'open'
    const now = init.now()

    if (now - openedAt >= limits.minStreamLife) {
      streams.worked()
    } else if (broken && connected) {
      streams.broke()
    }

    if (stopped || acknowledged || init.isLost(connection)) {
      sent.clear()
    } else {
      // without an error it may be the connection that has gone, with whatever was under way
      again = sent.salvage(now, keep(connection), connected ? 'stream' : 'connection').concat(again)
    }

    if (!pumping) {
      open()
    }

    init.rested()
  }

  /** The stream is not written to any more; what it holds still leaves. */
  function retire (outbound: Outbound, now: number): void {
    const { stream } = outbound

    if (current === outbound) {
      current = undefined
    }

    closing.add(outbound, now)

    if (stream.status === 'open') {
      handOver(outbound, now)
    }

    stream.close().catch((err: Error) => { stream.abort(err) })
  }

  /** Sends what does not leave on one stream on the next as well. */
  function handOver (outbound: Outbound, now: number): void {
    settle(outbound, now)

    if (outbound.holds && outbound.stuck(now) >= limits.handOverTimeout && init.connections().some(other => other !== outbound.connection)) {
      again = outbound.handOver().concat(again)
    }
  }

  function tickCurrent (outbound: Outbound, now: number): void {
    const { stream, sent } = outbound
    settle(outbound, now)

    if (stream.writeBufferLength > 0) {
      if (outbound.stuck(now) >= limits.stallTimeout) {
        stats.stalled++
        init.stalled()
        return
      }
    } else if (!hasMessages() && sent.quiet && now - outbound.lastSent >= limits.idleTimeout) {
      retire(outbound, now)
      return
    }

    // a drain event was missed, or take() was not ready for its own wake
    if (hasWork()) {
      pump()
    }
  }

  function tickClosing (now: number): void {
    for (const outbound of closing) {
      handOver(outbound, now)
    }

    closing.tick(now)
  }

  const self: Writer = {
    wake () {
      if (stopped || streams.hopeless) {
        return
      }

      wanted = true
      pump()
    },

    async open (signal) {
      if (current != null && current.stream.writeStatus !== 'writable') {
        retire(current, init.now())
      }

      if (current == null) {
        const requested = streams.request(signal)
        init.watch.add(self)
        await requested
      }

      return negotiated
    },

    greet () {
      if (!stopped && !streams.hopeless) {
        greeting = true
        pump()
      }
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

    moved () {
      const [first] = init.connections()

      if (current != null && first != null && current.connection !== first) {
        retire(current, init.now())
      }

      streams.redirect()
      pump()
    },

    get connection () {
      return current?.connection
    },

    stuck (connection) {
      const now = init.now()
      let stuck = current?.connection === connection ? current.stuck(now) : 0

      for (const outbound of closing) {
        stuck = Math.max(stuck, outbound.connection === connection ? outbound.stuck(now) : 0)
      }

      return stuck
    },

    get busy () {
      if (stopped || streams.hopeless) {
        return false
      }

      if (ended > 0 || closing.hold || (current != null && (current.holds || current.stream.writableNeedsDrain))) {
        return true
      }

      return hasMessages() && (current != null || init.connections().length > 0)
    },

    tick (now) {
      if (stopped) {
        return false
      }

      tickClosing(now)
      streams.tick(now)

      if (current != null) {
        tickCurrent(current, now)
      } else {
        open()
      }

      return !stopped && (current != null || streams.opening || closing.size > 0 || (hasWork() && init.connections().length > 0))
    },

    stop (error) {
      if (stopped) {
        return
      }

      stopped = true
      init.watch.remove(self)
      streams.stop(error)

      closing.abort(error)
      current?.stream.abort(error)
      current = undefined
      again = []
      greeting = false
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
