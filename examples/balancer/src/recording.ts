import { open } from 'node:fs/promises'
import { recordLine } from '@kitsune/want-router/recording'
import { StartError } from './errors.ts'
import type { Log } from './log/log.ts'
import type { Tap } from '@kitsune/want-router/recording'

/** A recording that is being written. */
export interface Recording {
  readonly tap: Tap
  /** Writes the lines that are left. Later calls of the tap have no effect. */
  close (): Promise<void>
}

interface RecordingInit {
  /** The largest size of the file, bytes; then the recording ends. Default 4 GiB. */
  readonly maxBytes?: number
  /** Gets a warning if the recording ends before the balancer stops. */
  readonly log: Pick<Log, 'warn'>
}

// the most that may wait for the disk, characters
const MAX_WAITING = 64 << 20
// lines are written together in pieces of this size, characters
const PIECE = 64 << 10

/**
 * Writes the records of the router's tap to a file, one line of JSON each. The file
 * contains the peer ids of clients and the CIDs that they want, so only its owner
 * may read it.
 *
 * A recording has no gaps: it ends with a warning when the file has grown too
 * large, the file cannot be written, or the disk is too slow.
 *
 * @throws {StartError} the file cannot be written
 */
export async function startRecording (path: string, { maxBytes = 4 * 2 ** 30, log }: RecordingInit): Promise<Recording> {
  const file = await open(path, 'w', 0o600).catch((err: Error) => {
    throw new StartError(`cannot record: ${err.message}; see --record`)
  })
  let lines: string[] = []
  let unwritten = 0
  let waiting = 0
  let recorded = 0
  let over = false
  let writing = Promise.resolve()

  function end (why: string): void {
    if (!over) {
      over = true
      log.warn(`${path}: the recording ends here: ${why}`, { event: 'recording-ended', reason: why })
    }
  }

  function write (): void {
    const piece = lines.join('')
    lines = []
    unwritten = 0
    writing = writing.then(async () => {
      await file.appendFile(piece)
      waiting -= piece.length
    }).catch((err: Error) => { end(err.message) })
  }

  return {
    tap (record) {
      if (over) {
        return
      }

      const line = `${recordLine(record)}\n`

      if (recorded + line.length > maxBytes) {
        end(`it has ${recorded} bytes`)
      } else if (waiting > MAX_WAITING) {
        end('the disk is too slow')
      } else {
        recorded += line.length
        waiting += line.length
        unwritten += line.length
        lines.push(line)

        if (unwritten >= PIECE) {
          write()
        }
      }
    },

    async close () {
      over = true
      write()
      await writing
      await file.close()
    }
  }
}
