import { WaitError } from './errors.ts'

/** Lets a test wait for a condition that it cannot await. */
export interface Condition {
  /** Checks every waiting predicate again; call it after a change that one may depend on. */
  changed (): void
  /** Resolves once `predicate` holds; throws WaitError, saying `what`, after `timeout` ms (default 10,000). */
  until (predicate: () => boolean, what: string, timeout?: number): Promise<void>
}

/** Waits by events, for the state of a test's own peers. */
export function condition (): Condition {
  const waiting = new Set<() => void>()

  return {
    changed () {
      for (const check of waiting) {
        check()
      }
    },
    async until (predicate, what, timeout = 10_000) {
      if (predicate()) {
        return
      }

      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check)
          reject(new WaitError(`waited ${timeout} ms in vain for ${what}`))
        }, timeout)

        const check = (): void => {
          if (predicate()) {
            waiting.delete(check)
            clearTimeout(timer)
            resolve()
          }
        }

        waiting.add(check)
      })
    }
  }
}

/** Waits by polling, for the state of another process: every `interval` ms, default 50. An exception of `probe` counts as false and is quoted when time is up. */
export async function poll (probe: () => Promise<boolean> | boolean, what: string, { timeout = 10_000, interval = 50 } = {}): Promise<void> {
  const end = performance.now() + timeout
  let last: unknown

  do {
    try {
      if (await probe()) {
        return
      }

      last = undefined
    } catch (err) {
      last = err
    }

    await delay(interval)
  } while (performance.now() < end)

  throw new WaitError(`waited ${timeout} ms in vain for ${what}${last instanceof Error ? `: ${last.message}` : ''}`)
}

/** For the few cases in which a real peer's own timer must pass. */
export async function delay (ms: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, ms))
}
