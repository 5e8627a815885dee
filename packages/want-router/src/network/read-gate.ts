import type { Stream } from '@libp2p/interface'

/** Pauses and resumes the reading of a stream. */
export interface ReadGate {
  close (): void
  /** `held` is called when everything that was buffered has been delivered: true closes the gate again. */
  open (held: () => boolean): void
}

/**
 * Makes an open gate. When a stream resumes, libp2p first delivers what it has buffered
 * and then opens the muxer's window. Pausing in between would be undone, and the peer
 * would never be stopped again, so the gate closes only after that.
 */
export function createReadGate (stream: Stream): ReadGate {
  let opening = false

  function close (): void {
    if (!opening && stream.readStatus === 'readable') {
      stream.pause()
    }
  }

  return {
    close,

    open (held) {
      if (stream.readStatus !== 'paused') {
        return
      }

      opening = true

      try {
        stream.resume()
      } finally {
        opening = false
      }

      if (held()) {
        close()
      }
    }
  }
}
