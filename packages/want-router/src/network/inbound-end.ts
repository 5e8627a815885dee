import type { Stream } from '@libp2p/interface'

/** The end of an inbound stream. */
export interface InboundEnd {
  /** Everything that arrived has been delivered. */
  readonly reached: boolean
  /** The peer has closed its half: nothing was cut off. */
  readonly byPeer: boolean
}

/** What is notified of the end. */
export interface InboundEndOwner {
  /** The end may have been reached. */
  mayHaveEnded (): void
  /** The stream was reset. */
  broke (): void
}

/**
 * Watches for the end of a stream. A stream that libp2p calls ended may still have data:
 * bytes that negotiating the protocol read too early are put back into its buffer and
 * delivered after the 'end' event, and no second one follows.
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

    // libp2p may deliver the data of the muxer's last frame only after this event
    queueMicrotask(() => { this.#owner.mayHaveEnded() })
  }

  /** Closes this host's half, too: peers run out of streams if it stays open. */
  #onRemoteCloseWrite (): void {
    const stream = this.#stream
    this.#byPeer = stream.status === 'open'

    if (stream.writeStatus === 'writable') {
      stream.close().catch((err: Error) => { stream.abort(err) })
    }
  }
}
