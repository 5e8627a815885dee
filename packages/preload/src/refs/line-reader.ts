/** Where a reader gets its lines. */
export interface ReadLines {
  /** The line with this index; undefined: it has not come. */
  at (index: number): string | undefined
  /** How the lines end, once no more come. */
  readonly end: { readonly error?: Error } | undefined
  /** The reader has read a line. */
  read (): void
  /** The reader reads no more. */
  left (reader: LineReader): void
}

/** One of several readers of the same lines: an iteration, which ends as the lines do. */
export class LineReader implements AsyncIterableIterator<string> {
  readonly #lines: ReadLines
  #next: number
  #left = false
  #error: Error | undefined
  #wake = (): void => {}

  constructor (lines: ReadLines, first: number) {
    this.#lines = lines
    this.#next = first
  }

  /** Index of the line that it reads next. */
  get position (): number {
    return this.#next
  }

  /** There is a line, or an end. */
  wake (): void {
    this.#wake()
  }

  /** Ends its iteration before the lines that it has not read, with an error if there is one. */
  leave (error?: Error): void {
    if (!this.#left) {
      this.#error = error
      this.#left = true
      this.#lines.left(this)
      this.#wake()
    }
  }

  [Symbol.asyncIterator] (): this {
    return this
  }

  async next (): Promise<IteratorResult<string>> {
    while (!this.#left) {
      const value = this.#lines.at(this.#next)

      if (value != null) {
        this.#next++
        this.#lines.read()

        return { done: false, value }
      }

      const { end } = this.#lines

      if (end == null) {
        await new Promise<void>(resolve => { this.#wake = resolve })
      } else {
        this.leave(end.error)
      }
    }

    const error = this.#error
    this.#error = undefined

    if (error != null) {
      throw error
    }

    return { done: true, value: undefined }
  }

  async return (): Promise<IteratorResult<string>> {
    this.leave()

    return { done: true, value: undefined }
  }
}
