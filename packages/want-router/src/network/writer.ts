import { NetworkStoppedError } from './errors.ts'
import { createMessageSize } from './message-size.ts'
import { createOutboundStreams } from './outbound-streams.ts'
import { createOutbox } from './outbox.ts'
import { createTransmitter } from './transmitter.ts'
import type { InFlightBudget } from './in-flight.ts'
import type { OpenerInit } from './opener.ts'
import type { OutboundStream } from './outbound-stream.ts'
import type { OutboundStreams } from './outbound-streams.ts'
import type { Outbox } from './outbox.ts'
import type { Transmitter } from './transmitter.ts'
import type { Watch, Watched } from './watch.ts'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Connection } from '@libp2p/interface'

/**
 * Writes to one peer, on one stream at a time.
 *
 * The stream is opened when there is something to send and retired when it has been idle
 * ({@link OutboundStreams}). Messages are taken only while the stream's buffer is below
 * the high water mark: what a peer does not read stays in the engine, where it is
 * bounded, and the peer gets the latest answers when it reads again. The size of a
 * message follows from how fast the last ones left.
 *
 * The stream is opened on the first of the peer's connections. When another becomes the
 * first, the old stream still sends what it holds; what does not leave it is also sent on
 * the new one.
 *
 * Messages that have left are kept for a while ({@link SentLog}), since libp2p gives no
 * receipt. When a stream breaks, those that may not have arrived go back into the {@link
 * Outbox}, before new ones.
 */
export interface Writer extends Watched {
  /**
   * Something can be taken: sends as much as the stream has capacity for, at once if there is a stream. Must
   * not be called from inside `take`.
   */
  wake (): void
  /** Sends a greeting, unless another message is sent first. */
  greet (): void
  /** Resolves with the protocol of the stream once there is one; rejects if none can be opened. */
  open (signal: AbortSignal): Promise<BitswapProtocol>
  /** A connection to the peer has opened: attempts that were given up are made again. */
  connected (): void
  /** Removes and returns what earlier streams may not have delivered, for the caller to send in another way. */
  takeResends (): Outgoing[]
  /** Another connection may be the first now, or writing may begin again. */
  moved (): void
  /** The connection of the stream that is written to. */
  readonly connection: Connection | undefined
  /** For how long nothing has left on that connection although something waits, ms; 0: nothing waits. */
  stuck (connection: Connection): number
  /** Something has to be sent, or has not left yet, and there is a way to send it. */
  readonly busy: boolean
  /** It has nothing that a new writer would not have. */
  readonly isSpare: boolean
  /** Ends everything at once. */
  stop (error: Error): void
  /** Takes nothing more, lets what was taken leave, and stops. */
  close (signal: AbortSignal): Promise<void>
}

/** What a writer is made with. */
export interface WriterInit extends Omit<OpenerInit, 'opened' | 'failed'> {
  readonly watch: Watch
  readonly budget: InFlightBudget
  /** Whether nothing may be written for the moment. */
  undecided (): boolean
  /** Whether a connection was given up, so that what was sent on it is not sent again. */
  isLost (connection: Connection): boolean
  /** The next message; undefined: there is none. */
  take (maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
  /** There may be more to take, and the peer's window is what bounds the stream. */
  full? (): void
  /** The peer takes nothing: it should be disconnected. */
  stalled (): void
  /** The writer may have become idle. */
  mayBeIdle (): void
}

/** Makes the writer of one peer. */
export function createWriter (init: WriterInit): Writer {
  return new PeerWriter(init)
}

class PeerWriter implements Writer {
  readonly #init: WriterInit
  readonly #outbox: Outbox
  readonly #streams: OutboundStreams
  readonly #transmitter: Transmitter
  #pumping = false
  #stopped = false

  constructor (init: WriterInit) {
    const size = createMessageSize(init.limits)
    this.#init = init
    this.#outbox = createOutbox({ ...init, size })
    this.#streams = createOutboundStreams({
      ...init,
      size,
      outbox: this.#outbox,
      opened: () => {
        init.watch.add(this)
        this.#pump()
      },
      writable: () => { this.#pump() },
      failed: () => { this.#failed() },
      ended: () => { this.#ended() }
    })
    this.#transmitter = createTransmitter({ ...init, outbox: this.#outbox, streams: this.#streams })
  }

  get connection (): Connection | undefined {
    return this.#streams.current?.connection
  }

  get busy (): boolean {
    if (this.#isOver) {
      return false
    }

    return this.#streams.holding || (this.#outbox.hasMessages && (this.#streams.current != null || this.#isConnected()))
  }

  get isSpare (): boolean {
    return !this.#streams.inUse && !this.#streams.opener.busy && !this.#outbox.hasWork
  }

  wake (): void {
    if (!this.#isOver) {
      this.#outbox.want()
      this.#pump()
    }
  }

  greet (): void {
    if (!this.#isOver) {
      this.#outbox.greet()
      this.#pump()
    }
  }

  async open (signal: AbortSignal): Promise<BitswapProtocol> {
    const { current, opener } = this.#streams

    if (current != null && current.stream.writeStatus !== 'writable') {
      this.#streams.retire(current, this.#init.now())
    }

    if (this.#streams.current == null) {
      const requested = opener.request(signal)
      this.#init.watch.add(this)
      await requested
    }

    return this.#streams.protocol
  }

  connected (): void {
    this.#streams.opener.renew()
    this.#open()
  }

  takeResends (): Outgoing[] {
    return this.#outbox.takeResends()
  }

  moved (): void {
    const { current, opener } = this.#streams
    const [first] = this.#init.connections()

    if (current != null && first != null && current.connection !== first) {
      this.#streams.retire(current, this.#init.now())
    }

    opener.redirect()
    this.#pump()
  }

  stuck (connection: Connection): number {
    return this.#streams.stuck(connection)
  }

  tick (now: number): boolean {
    if (this.#stopped) {
      return false
    }

    const streams = this.#streams
    streams.tickClosing(now)
    streams.opener.tick(now)

    if (streams.current != null) {
      this.#tickCurrent(streams.current, now)
    } else {
      this.#open()
    }

    return !this.#stopped && (streams.inUse || streams.opener.opening || (this.#outbox.hasWork && this.#isConnected()))
  }

  stop (error: Error): void {
    if (this.#stopped) {
      return
    }

    this.#stopped = true
    this.#init.watch.remove(this)
    this.#streams.stop(error)
    this.#outbox.clear()
  }

  async close (signal: AbortSignal): Promise<void> {
    const stream = this.#streams.release()
    this.stop(new NetworkStoppedError())
    await stream?.close({ signal }).catch((err: Error) => { stream.abort(err) })
  }

  /** Sends as much as the stream has capacity for. */
  #pump (): void {
    if (this.#pumping || this.#stopped || this.#init.undecided()) {
      return
    }

    this.#pumping = true
    this.#transmitter.measure()

    try {
      this.#transmitter.transmit()
    } catch (err) {
      this.#init.log.error('could not send - %e', err)
    } finally {
      this.#pumping = false
    }

    this.#transmitter.measure()
    this.#open()

    if (!this.#outbox.wanted) {
      this.#init.mayBeIdle()
    } else if (this.#transmitter.bounded) {
      this.#init.full?.()
    }
  }

  #tickCurrent (outbound: OutboundStream, now: number): void {
    const { limits, stats, budget } = this.#init
    const { stream, sent } = outbound
    this.#streams.settle(outbound, now)

    if (stream.writeBufferLength > 0) {
      if (outbound.stuck(now) >= (budget.unsent > limits.unsentTotal ? limits.crowdedStallTimeout : limits.stallTimeout)) {
        stats.stalled++
        this.#init.stalled()

        return
      }
    } else if (!this.#outbox.hasMessages && sent.quiet && now - outbound.lastSent >= limits.idleTimeout) {
      this.#streams.retire(outbound, now)

      return
    }

    // a drain event was missed, or `take` was woken from inside
    if (this.#outbox.hasWork) {
      this.#pump()
    }
  }

  #open (): void {
    const { current, opener } = this.#streams

    if (!this.#stopped && current == null && ((this.#outbox.hasWork && !this.#init.undecided() && !this.#streams.unread) || opener.requested)) {
      opener.open()

      if (opener.opening || this.#isConnected()) {
        this.#init.watch.add(this)
      }
    }
  }

  #failed (): void {
    if (this.#streams.opener.unsupported) {
      this.#outbox.clear()
    }

    this.#init.mayBeIdle()
  }

  #ended (): void {
    if (!this.#pumping) {
      this.#open()
    }

    this.#init.mayBeIdle()
  }

  get #isOver (): boolean {
    return this.#stopped || this.#streams.opener.unsupported
  }

  #isConnected (): boolean {
    return this.#init.connections().length > 0
  }
}
