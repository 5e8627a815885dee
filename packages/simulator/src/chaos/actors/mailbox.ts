/**
 * The messages of a member. On one stream, a message is read when the blocks of
 * the one before it are verified; on several streams none waits.
 */
export class Mailbox {
  readonly #ordered: boolean
  #reading = false
  #waiting: Array<() => PromiseLike<void> | undefined | void> = []

  /** @param ordered - one stream, not several */
  constructor (ordered: boolean) {
    this.#ordered = ordered
  }

  post (read: () => PromiseLike<void> | undefined | void): void {
    this.#waiting.push(read)
    this.#read()
  }

  /** The member has a new connection: messages on the old one are lost. */
  clear (): void {
    this.#waiting = []
    this.#reading = false
  }

  #read (): void {
    for (let read = this.#next(); read != null; read = this.#next()) {
      const verified = read()

      if (verified != null && this.#ordered) {
        this.#reading = true
        const waiting = this.#waiting
        void verified.then(() => {
          if (waiting === this.#waiting) {
            this.#reading = false
            this.#read()
          }
        })
      }
    }
  }

  #next (): (() => PromiseLike<void> | undefined | void) | undefined {
    return this.#reading ? undefined : this.#waiting.shift()
  }
}
