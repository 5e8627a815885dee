/** Lines that some reader has yet to read, by their index in the whole answer. */
export interface LineBuffer {
  /** Index of the first line that is still kept. */
  readonly first: number
  /** Index of the next line that is pushed. */
  readonly end: number
  /** Bytes of all lines that are kept. */
  readonly bytes: number
  push (line: string): void
  at (index: number): string
  /** Lines before the index are no longer needed. They are removed once they are half of all lines, since removing them copies the rest. */
  forget (before: number): void
}

/** Creates an empty buffer. */
export function createLineBuffer (): LineBuffer {
  let lines: string[] = []
  let first = 0
  let bytes = 0

  return {
    get first () { return first },
    get end () { return first + lines.length },
    get bytes () { return bytes },

    push (line) {
      lines.push(line)
      bytes += line.length
    },

    at: index => lines[index - first],

    forget (before) {
      const count = before - first

      if (2 * count >= lines.length) {
        bytes -= lines.slice(0, count).reduce((sum, { length }) => sum + length, 0)
        lines = lines.slice(count)
        first = before
      }
    }
  }
}
