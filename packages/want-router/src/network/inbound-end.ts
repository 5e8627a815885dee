import type { Stream } from '@libp2p/interface'

/** The end of what comes on a stream. */
export interface InboundEnd {
  /** Everything that came has been handed over. */
  readonly reached: boolean
  /** The peer has closed its half itself: nothing was cut off. */
  readonly byPeer: boolean
}

/**
 * A stream that libp2p calls ended may still have data: what negotiating the
 * protocol read too much of is put back into its buffer, which is delivered after
 * the end, and no second 'end' follows.
 *
 * `onEnd` is called when the end may have been reached.
 */
export function createInboundEnd (stream: Stream, onEnd: () => void): InboundEnd {
  let byPeer = false

  /** Peers run out of streams if we leave our half of theirs open. */
  function onRemoteCloseWrite (): void {
    byPeer = stream.status === 'open'

    if (stream.writeStatus === 'writable') {
      stream.close().catch((err: Error) => { stream.abort(err) })
    }
  }

  // it may have ended with the very frame of the muxer whose data libp2p hands over next
  const later = (): void => { queueMicrotask(onEnd) }

  stream.addEventListener('remoteCloseWrite', onRemoteCloseWrite)
  stream.addEventListener('end', later)
  stream.addEventListener('close', later)

  if (stream.remoteWriteStatus === 'closed') {
    onRemoteCloseWrite()
  }

  return {
    get reached () {
      return stream.readableEnded && stream.readBufferLength === 0
    },

    get byPeer () {
      return byPeer
    }
  }
}
