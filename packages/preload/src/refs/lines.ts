/** The lines of one answer, of which several readers each read all. */
export interface Lines {
  /** Whether a reader that begins now reads all lines. */
  readonly whole: boolean
  push (line: string): void
  /** Resolves when there is place for more lines: those that the slowest reader has not read are too many until then. */
  place (): Promise<void>
  /** Whether readers are waited for. */
  readonly isFull: boolean
  /** Ends the readers that are waited for, with an error. */
  expel (error: Error): void
  /** Ends it, with an error or cleanly. */
  end (error?: Error): void
  /** Its iteration ends as the lines do. `return` stops it from holding others up. */
  read (): AsyncIterableIterator<string>
}

export interface LinesInit {
  /** Bytes that may wait for the slowest reader. */
  readonly max: number
  /** A reader has read a line. */
  onRead? (): void
}

interface Reader {
  /** Index of the line that it reads next. */
  next: number
  wake (): void
  expelled: Error | undefined
}

export function createLines ({ max, onRead }: LinesInit): Lines {
  const readers = new Set<Reader>()
  let lines: string[] = []
  /** Index of `lines[0]`. */
  let first = 0
  let bytes = 0
  let end: { readonly error?: Error } | undefined
  let place: PromiseWithResolvers<void> | undefined

  /** Forgets what all have read, once there is too much. */
  function trim (): void {
    if (bytes < max) {
      return
    }
    let least = first + lines.length
    for (const { next } of readers) {
      least = Math.min(least, next)
    }
    // half of them at a time: each cut copies the rest
    if (2 * (least - first) >= lines.length) {
      bytes -= lines.slice(0, least - first).reduce((sum, { length }) => sum + length, 0)
      lines = lines.slice(least - first)
      first = least
    }
    if (bytes < max) {
      place?.resolve()
      place = undefined
    }
  }

  function wakeAll (): void {
    for (const { wake } of readers) {
      wake()
    }
  }

  return {
    get whole () { return first === 0 },

    push (line) {
      lines.push(line)
      bytes += line.length
      wakeAll()
    },

    async place () {
      trim()
      if (bytes >= max && readers.size > 0) {
        place ??= Promise.withResolvers()
        await place.promise
      }
    },

    get isFull () { return place != null },

    expel (error) {
      for (const reader of readers) {
        if (2 * (reader.next - first) < lines.length) {
          reader.expelled = error
          readers.delete(reader)
          reader.wake()
        }
      }
      trim()
    },

    end (error) {
      end ??= { error }
      place?.resolve()
      wakeAll()
    },

    read () {
      const reader: Reader = { next: first, wake () {}, expelled: undefined }
      readers.add(reader)
      const leave = (): void => {
        readers.delete(reader)
        trim()
        reader.wake()
      }

      return {
        [Symbol.asyncIterator] () { return this },

        async next () {
          while (readers.has(reader)) {
            if (reader.next < first + lines.length) {
              const value = lines[reader.next++ - first]
              trim()
              onRead?.()
              return { done: false, value }
            }
            if (end != null) {
              leave()
              if (end.error != null) {
                throw end.error
              }
              break
            }
            await new Promise<void>(resolve => { reader.wake = resolve })
          }
          const { expelled } = reader
          if (expelled != null) {
            reader.expelled = undefined
            throw expelled
          }
          return { done: true, value: undefined }
        },

        async return () {
          leave()
          return { done: true, value: undefined }
        }
      }
    }
  }
}
