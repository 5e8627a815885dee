import type { Stream } from '@libp2p/interface'

/** The end of what comes on a stream. */
export interface InboundEnd {
  /** Everything that came has been handed over. */
  readonly reached: boolean
  /** The peer has closed its half itself: nothing was cut off. */
  readonly byPeer: boolean
}

/** What is told of the end. */
export interface InboundEndOwner {
  /** The end may have been reached. */
  mayHaveEnded (): void
  /** The stream was reset. */
  broke (): void
}

/**
 * A stream that libp2p calls ended may still have data: what negotiating the
 * protocol read too much of is put back into its buffer, which is delivered after
 * the end, and no second 'end' follows.
 */
export function createInboundEnd (stream: Stream, owner: InboundEndOwner): InboundEnd {
  return new StreamEnd(stream, owner)
}

/** One object for all three events, since peers may open a stream for each message. */
class StreamEnd implements InboundEnd {
  readonly #stream: Stream
  readonly #owner: InboundEndOwner
  #byPeer = false

  constructor (stream: Stream, owner: InboundEndOwner) {
    this.#stream = stream
    this.#owner = owner
    stream.addEventListener('remoteCloseWrite', this)
    stream.addEventListener('end', this)
    stream.addEventListener('close', this)

    if (stream.remoteWriteStatus === 'closed') {
      this.#onRemoteCloseWrite()
    }
  }

  get reached (): boolean {
    return this.#stream.readableEnded && this.#stream.readBufferLength === 0
  }

  get byPeer (): boolean {
    return this.#byPeer
  }

  handleEvent (event: Event & { error?: Error }): void {
    if (event.type === 'remoteCloseWrite') {
      this.#onRemoteCloseWrite()

      return
    }

    if (event.error != null) {
      this.#owner.broke()
    }

    // it may have ended with the very frame of the muxer whose data libp2p hands over next
    queueMicrotask(() => { this.#owner.mayHaveEnded() })
  }

  /** Peers run out of streams if we leave our half of theirs open. */
  #onRemoteCloseWrite (): void {
    const stream = this.#stream
    this.#byPeer = stream.status === 'open'

    if (stream.writeStatus === 'writable') {
      stream.close().catch((err: Error) => { stream.abort(err) })
    }
  }
}
