import type { Stream } from '@libp2p/interface'

/** Stops and continues what comes on a stream. */
export interface ReadGate {
  close (): void
  /** `held`: tells, after what was buffered has been handed over, whether it is to be closed again. */
  open (held: () => boolean): void
}

/**
 * libp2p hands over what it has buffered first, and opens the window of the
 * muxer after that: pausing in between would be undone, and the peer would
 * never be stopped again. So that is made up for afterwards.
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
