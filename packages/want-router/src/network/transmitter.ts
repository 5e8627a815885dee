import { createWindowBound } from './window-bound.ts'
import type { NetworkLimits } from './defaults.ts'
import type { InFlightBudget } from './in-flight.ts'
import type { OutboundStreams } from './outbound-streams.ts'
import type { Outbox } from './outbox.ts'
import type { NetworkStats } from './stats.ts'
import type { WindowBound } from './window-bound.ts'

/** Passes what is in the outbox to the stream that is written to, until the stream holds enough. */
export interface Transmitter {
  /** Sends as much as the stream has capacity for. Throws what taking a message throws. */
  transmit (): void
  /** Measures how much the stream carries. Has to be called before and after something is sent. */
  measure (): void
  /** The peer's window is what bounds the stream. */
  readonly bounded: boolean
}

/** What a transmitter is made with. */
export interface TransmitterInit {
  readonly limits: NetworkLimits
  readonly stats: NetworkStats
  readonly budget: InFlightBudget
  readonly outbox: Outbox
  readonly streams: OutboundStreams
  now (): number
}

/** Makes the transmitter of one peer. */
export function createTransmitter (init: TransmitterInit): Transmitter {
  return new StreamTransmitter(init)
}

class StreamTransmitter implements Transmitter {
  readonly #init: TransmitterInit
  readonly #bound: WindowBound
  /** Bytes that were passed to streams. */
  #handed = 0

  constructor (init: TransmitterInit) {
    this.#init = init
    this.#bound = createWindowBound(init.limits.laneBytes, init.now)
  }

  get bounded (): boolean {
    return this.#bound.reached
  }

  transmit (): void {
    let more = true

    while (more) {
      more = this.#sendNext()
    }
  }

  measure (): void {
    const { current } = this.#init.streams

    if (current != null) {
      this.#bound.look(current.stream, this.#handed - current.stream.writeBufferLength)
    }
  }

  /** Sends one frame; false: there is no more to send, or no capacity for it. */
  #sendNext (): boolean {
    const { limits, stats, budget, outbox, streams, now } = this.#init
    const outbound = streams.current

    if (outbound == null) {
      return false
    }

    const { stream, sent } = outbound
    const time = now()

    if (stream.writeStatus !== 'writable') {
      // libp2p is closing it with its connection; what it holds is still sent
      streams.retire(outbound, time)

      return false
    }

    if (!sent.empty) {
      streams.settle(outbound, time)
    }

    if (stream.writeBufferLength > (budget.unsent > limits.unsentTotal ? 0 : limits.highWaterMark)) {
      return false
    }

    const frame = outbox.next(outbound.protocol)

    if (frame == null) {
      return false
    }

    this.#handed += frame.length
    stats.framesOut++
    stats.bytesOut += frame.length
    outbound.send(frame, time)

    if (outbound.bytes >= limits.unboundedStreamBytes && outbound.unbounded) {
      streams.retire(outbound, time)
    }

    return true
  }
}
