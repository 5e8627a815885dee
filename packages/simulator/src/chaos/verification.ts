import { verifyContent } from '../world/content.ts'
import { LaterValue } from './later-value.ts'
import type { Verify } from '@kitsune/want-router/engine'
import type { FakeClock } from '@kitsune/want-router/testing'

/**
 * Verifies like an asynchronous hash function: a block reaches the engine after
 * messages that other members sent meanwhile, and maybe after its member was lost.
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
