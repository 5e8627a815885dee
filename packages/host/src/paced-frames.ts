import { boundNegotiation, endNegotiation } from './negotiation.ts'
import type { Share, Task, WorkShares } from './work-shares.ts'
import type { MessageStream, Stream, StreamMuxer } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** The fields of libp2p's muxers that this module uses. */
export interface MuxerParts {
  readonly maConn?: MessageStream & { readonly readStatus?: string }
  onData? (data: Uint8Array | Uint8ArrayList): void
  onTransportClosed? (error?: Error): void
  onRemoteStream? (stream: Stream): void
}

/** The frames of one connection, as they arrive. */
export interface Frames {
  /** Bytes that wait to become frames, or to be handled. */
  readonly bytes: number
  append (data: Uint8Array | Uint8ArrayList): void
  /** Handles the next frame and returns its weight; 0 if none is complete, or if none may be handled at the moment. */
  step (): number
  /** The peer opens a stream. */
  opened? (stream: Stream): void
  /** How long until a frame may be handled, ms; 0 if nothing is in the way. */
  readonly blocked: number
  /** Nothing can be sent any more, and no limit applies to what is still to be handled. */
  end (): void
}

/** While this much waits nothing more is read from the connection, bytes. */
const PAUSE_MARK = 64 << 10

/** What has been decrypted weighs, for each of this many bytes, as much as one of the cheapest frames, whatever becomes of it. */
const BYTES_PER_WEIGHT = 1 << 10

/** Whether the fields are where this module knows them. */
export function isPaceable (muxer: MuxerParts): muxer is Required<MuxerParts> {
  return typeof muxer.onData === 'function' && typeof muxer.onTransportClosed === 'function' && typeof muxer.onRemoteStream === 'function' &&
    typeof muxer.maConn?.pause === 'function' && typeof muxer.maConn.resume === 'function'
}

/**
 * Makes a muxer handle its frames in shares, in place of all that have arrived at
 * once. Call it before the muxer has received anything.
 */
export function paceFrames (muxer: StreamMuxer & Required<MuxerParts>, frames: Frames, shares: WorkShares): void {
  const paced = new PacedFrames(muxer, frames, shares)
  const closed = muxer.onTransportClosed.bind(muxer)
  const opened = muxer.onRemoteStream.bind(muxer)

  endNegotiation(muxer.maConn)

  muxer.onRemoteStream = stream => {
    boundNegotiation(stream)
    frames.opened?.(stream)
    opened(stream)
  }

  muxer.onData = data => { paced.arrived(data) }

  muxer.onTransportClosed = error => {
    // what arrived before the end is handled before it, as if it had been handled on arrival
    paced.finish()
    closed(error)
  }
}

class PacedFrames implements Task {
  readonly metered: boolean
  share: Share | undefined = undefined
  readonly #muxer: StreamMuxer & Required<MuxerParts>
  readonly #frames: Frames
  readonly #shares: WorkShares
  #paused = false
  #resuming = false
  #stepping = false
  #finishing = false
  /** What has arrived and was not counted yet: in how many pieces, and bytes. */
  #pieces = 0
  #uncounted = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor (muxer: StreamMuxer & Required<MuxerParts>, frames: Frames, shares: WorkShares) {
    this.#muxer = muxer
    this.#frames = frames
    this.#shares = shares
    // a peer that this host has dialled sends what this host asked for
    this.metered = muxer.maConn.direction === 'inbound'
  }

  arrived (data: Uint8Array | Uint8ArrayList): void {
    if (this.metered) {
      this.#pieces++
      this.#uncounted += data.byteLength
    }

    this.#frames.append(data)

    if (!this.#resuming && this.#timer == null) {
      this.#work()
    } else if (this.#isFull()) {
      this.#pause()
    }
  }

  step (): number {
    if (this.#muxer.status === 'closed') {
      return 0
    }

    this.#stepping = true

    try {
      return this.#frames.step() + this.#arrivals()
    } finally {
      this.#stepping = false
    }
  }

  /** The weight of what has arrived since the last step: decrypting it was work, even if it is thrown away, or is no frame yet. */
  #arrivals (): number {
    if (this.#pieces === 0) {
      return 0
    }

    const weight = this.#pieces + Math.floor(this.#uncounted / BYTES_PER_WEIGHT)
    this.#pieces = 0
    this.#uncounted = 0

    return weight
  }

  #isFull (): boolean {
    return this.#frames.bytes >= PAUSE_MARK || this.#uncounted >= PAUSE_MARK
  }

  idle (): void {
    const { blocked } = this.#frames

    if (blocked > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#work()
      }, blocked)

      return
    }

    this.#resume()
  }

  failed (error: Error): void {
    this.#stop()
    // yamux tells the peer, which throws if the connection has closed meanwhile
    this.#try(() => { this.#muxer.abort(error) })
    this.#try(() => { this.#muxer.maConn.abort(error) })
  }

  /** Handles what is left at once: it is no more than what was buffered while the connection was paused. */
  finish (): void {
    // a GOAWAY frame ends the muxer, too, with frames behind it
    if (this.#stepping) {
      return
    }

    this.#finishing = true
    this.#stop()
    this.#frames.end()
    // libp2p hands over what it has kept of a paused connection before it finds that it is closed
    this.#resume()

    for (let more = true; more;) {
      const { bytes } = this.#frames

      try {
        more = this.step() > 0
      } catch {
        // an answer to the frame can no longer be sent; a bad frame is not taken, and the last one
        more = this.#frames.bytes < bytes
      }
    }
  }

  #work (): void {
    if (this.#shares.ready(this)) {
      if (this.#isFull()) {
        this.#pause()
      }
    } else if (this.#frames.blocked > 0) {
      this.#pause()
      this.idle()
    } else if (this.#paused) {
      this.#resume()
    }
  }

  #pause (): void {
    if (!this.#paused && this.#muxer.maConn.readStatus === 'readable') {
      this.#paused = true
      this.#try(() => { this.#muxer.maConn.pause() })
    }
  }

  /** What encrypts may be open while what it encrypts for has closed already: its event is still to come. */
  #try (change: () => void): void {
    try {
      change()
    } catch (err) {
      this.#muxer.maConn.log('a connection that is closing is not paused, resumed or told - %e', err)
    }
  }

  /** libp2p hands over what it has buffered first, and reads on after that: pausing in between would be undone. */
  #resume (): void {
    if (!this.#paused) {
      return
    }

    this.#paused = false
    this.#resuming = true

    this.#try(() => {
      if (this.#muxer.maConn.readStatus === 'paused') {
        this.#muxer.maConn.resume()
      }
    })
    this.#resuming = false

    if (this.#muxer.status === 'open' && !this.#finishing) {
      this.#work()
    }
  }

  #stop (): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#shares.drop(this)
  }
}
