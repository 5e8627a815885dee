/** A promise on a simulated clock: code that awaits it continues within the tick in which it settles. */
export class LaterValue<T> implements PromiseLike<T> {
  #settled: { readonly value: T } | undefined
  #failed: Error | undefined
  #waiting: Array<() => void> = []

  settle (value: T): void {
    this.#settled = { value }
    this.#wake()
  }

  fail (error: Error): void {
    this.#failed = error
    this.#wake()
  }

  then<R1 = T, R2 = never> (fulfilled?: ((value: T) => R1 | PromiseLike<R1>) | null, rejected?: ((error: unknown) => R2 | PromiseLike<R2>) | null): PromiseLike<R1 | R2> {
    const next = new LaterValue<R1 | R2>()

    const go = (): void => {
      if (this.#settled != null) {
        next.settle(fulfilled?.(this.#settled.value) as R1)
      } else {
        next.settle(rejected?.(this.#failed) as R2)
      }
    }

    if (this.#settled != null || this.#failed != null) {
      go()
    } else {
      this.#waiting.push(go)
    }

    return next
  }

  /** It has all methods of a promise that the driver and members use. */
  asPromise (): Promise<T> {
    return this as unknown as Promise<T>
  }

  #wake (): void {
    const waiting = this.#waiting
    this.#waiting = []

    for (const go of waiting) {
      go()
    }
  }
}
