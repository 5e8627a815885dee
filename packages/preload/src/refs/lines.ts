import { createLineBuffer } from './line-buffer.ts'
import { LineReader } from './line-reader.ts'

/** The lines of one answer. Each of several readers reads all of them. */
export interface Lines {
  /** Whether a reader that begins now reads all lines. */
  readonly whole: boolean
  push (line: string): void
  /** Resolves when more lines may be pushed: it waits while there are too many lines that the slowest reader has not read. */
  available (): Promise<void>
  /** Whether readers are waited for. */
  readonly isFull: boolean
  /** Ends the readers that are waited for, with an error. */
  expel (error: Error): void
  /** Ends it, with an error or cleanly. */
  end (error?: Error): void
  /** Its iteration ends as the lines do. `leave` stops it from holding others up. */
  read (): LineReader
}

interface LinesInit {
  /** Bytes that may wait for the slowest reader. */
  readonly max: number
  /** A reader has read a line. */
  onRead? (): void
}

/** Creates an answer without lines. A writer waits while the slowest reader is `max` bytes behind. */
export function createLines ({ max, onRead }: LinesInit): Lines {
  const buffer = createLineBuffer()
  const readers = new Set<LineReader>()
  let end: { readonly error?: Error } | undefined
  let waiting: PromiseWithResolvers<void> | undefined

  /** Forgets the lines that all readers have read, once there are too many. */
  function trim (): void {
    if (buffer.bytes < max) {
      return
    }

    let least = buffer.end

    for (const { position } of readers) {
      least = Math.min(least, position)
    }

    buffer.forget(least)

    if (buffer.bytes < max) {
      waiting?.resolve()
      waiting = undefined
    }
  }

  function wakeAll (): void {
    for (const reader of readers) {
      reader.wake()
    }
  }

  const readable = {
    at: buffer.at,
    get end () { return end },
    read () {
      trim()
      onRead?.()
    },
    left (reader: LineReader) {
      readers.delete(reader)
      trim()
    }
  }

  return {
    get whole () { return buffer.first === 0 },

    push (line) {
      buffer.push(line)
      wakeAll()
    },

    async available () {
      trim()

      if (buffer.bytes >= max && readers.size > 0) {
        waiting ??= Promise.withResolvers()
        await waiting.promise
      }
    },

    get isFull () { return waiting != null },

    expel (error) {
      const middle = (buffer.first + buffer.end) / 2

      for (const reader of [...readers].filter(({ position }) => position < middle)) {
        reader.leave(error)
      }
    },

    end (error) {
      end ??= { error }
      waiting?.resolve()
      wakeAll()
    },

    read () {
      const reader = new LineReader(readable, buffer.first)
      readers.add(reader)

      return reader
    }
  }
}
