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
  /** Called when the peer opens a stream. */
  opened? (stream: Stream): void
  /** How long until the next frame may be handled, ms; 0 if it may be handled now. */
  readonly blocked: number
  /** Called when nothing can be sent any more: no limit applies to the remaining frames. */
  end (): void
}

/** While this much data waits, nothing more is read from the connection, bytes. */
const PAUSE_MARK = 64 << 10

/** This many decrypted bytes weigh as much as one of the cheapest frames, even if they are thrown away. */
const BYTES_PER_WEIGHT = 1 << 10

/** Whether a muxer has the fields that this module uses. */
export function isPaceable (muxer: MuxerParts): muxer is Required<MuxerParts> {
  return typeof muxer.onData === 'function' && typeof muxer.onTransportClosed === 'function' && typeof muxer.onRemoteStream === 'function' &&
    typeof muxer.maConn?.pause === 'function' && typeof muxer.maConn.resume === 'function'
}

/**
 * Makes a muxer handle its frames in shares, instead of handling all that have arrived at once. Call it before the muxer has received anything.
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
    // handle the frames that arrived before the end first, as if they had been handled on arrival
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
  /** The data that has arrived and was not counted yet: the number of pieces, and their bytes. */
  #pieces = 0
  #uncounted = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor (muxer: StreamMuxer & Required<MuxerParts>, frames: Frames, shares: WorkShares) {
    this.#muxer = muxer
    this.#frames = frames
    this.#shares = shares
    // not metered if this host has dialled the peer: then the peer sends what this host asked for
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

  /** The weight of the data that has arrived since the last step: decrypting it was work, even if it is thrown away or is not a complete frame yet. */
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
    abortConnection(this.#muxer, error)
  }

  /** Handles all remaining frames at once: they are no more than was buffered while the connection was paused. */
  finish (): void {
    // a GOAWAY frame ends the muxer within a step, when more frames may follow
    if (this.#stepping) {
      return
    }

    this.#finishing = true
    this.#stop()
    this.#frames.end()
    // libp2p delivers the data that it has kept for a paused connection before it finds that the connection is closed
    this.#resume()

    for (let more = true; more;) {
      const { bytes } = this.#frames

      try {
        more = this.step() > 0
      } catch {
        // either an answer to the frame can no longer be sent, or the frame is bad: then it stays in the buffer and is the last one
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
      attempt(this.#muxer.maConn, () => { this.#muxer.maConn.pause() })
    }
  }

  /** libp2p first delivers the data that it has buffered, and then resumes reading: pausing in between would be undone. */
  #resume (): void {
    if (!this.#paused) {
      return
    }

    this.#paused = false
    this.#resuming = true

    attempt(this.#muxer.maConn, () => {
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

/** Ends a connection with its muxer. It never throws, since it is also called by listeners of events, whose exceptions end the process. */
export function abortConnection (muxer: Pick<StreamMuxer, 'abort'> & Required<Pick<MuxerParts, 'maConn'>>, error: Error): void {
  // the muxer tells the peer
  attempt(muxer.maConn, () => { muxer.abort(error) })
  attempt(muxer.maConn, () => { muxer.maConn.abort(error) })
}

/** Ignores errors: the encrypted connection may look open although its socket has closed, whose event is still to come. */
function attempt ({ log }: MessageStream, change: () => void): void {
  try {
    change()
  } catch (err) {
    log('a connection that is closing is not paused, resumed or told - %e', err)
  }
}
