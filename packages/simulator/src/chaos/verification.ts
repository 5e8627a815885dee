import { verifyContent } from '../world/content.ts'
import type { Verify } from '@kitsune/want-router/engine'
import type { FakeClock } from '@kitsune/want-router/testing'

/**
 * Verifies as where hashing is asynchronous: a block reaches the engine after
 * what other members said meanwhile, and maybe after its member was lost.
 * `delay`: ms for one block; 0: it is verified as it comes.
 */
export function delayedVerify (clock: FakeClock, delay: () => number): Verify {
  return (prefix, bytes) => {
    const key = verifyContent(prefix, bytes)
    const ms = delay()
    if (typeof key !== 'string' || ms === 0) {
      return key
    }
    const later = new LaterValue<string>()
    clock.after(ms, () => { later.settle(key) })
    return later.asPromise()
  }
}

/** A promise on a clock that is moved by hand: whoever waits goes on within the turn in which it settles. */
class LaterValue<T> implements PromiseLike<T> {
  #settled = false
  #value: T | undefined
  #waiting: Array<(value: T) => void> = []

  settle (value: T): void {
    this.#settled = true
    this.#value = value
    for (const go of this.#waiting) {
      go(value)
    }
    this.#waiting = []
  }

  then<R1 = T, R2 = never> (fulfilled?: ((value: T) => R1 | PromiseLike<R1>) | null): PromiseLike<R1 | R2> {
    const next = new LaterValue<R1 | R2>()
    const go = (value: T): void => { next.settle(fulfilled?.(value) as R1) }
    if (this.#settled) {
      go(this.#value as T)
    } else {
      this.#waiting.push(go)
    }
    return next
  }

  /** It has all of a promise that the driver and members use. */
  asPromise (): Promise<T> {
    return this as unknown as Promise<T>
  }
}
