import { TooMuchUnfinishedError } from './errors.ts'
import type { Reader } from './reader.ts'
import type { NetworkStats } from './stats.ts'

/**
 * Resets a peer's streams that hold bytes, the newest first, until they hold no more than
 * `max`: older streams are more likely to work.
 */
export function shedStreams (readers: ReadonlySet<Reader>, max: number, stats: NetworkStats, bytes: (reader: Reader) => number): void {
  let total = 0

  for (const reader of readers) {
    total += bytes(reader)
  }

  if (total <= max) {
    return
  }

  for (const reader of [...readers].reverse()) {
    const held = bytes(reader)

    if (held > 0) {
      total -= held
      stats.shed++
      reader.abort(new TooMuchUnfinishedError(`The streams of the peer hold more than ${max} bytes`))
    }

    if (total <= max) {
      return
    }
  }
}
