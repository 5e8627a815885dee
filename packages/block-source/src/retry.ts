import pRetry from 'p-retry'
import { DEFAULTS } from './defaults.ts'
import { InvalidOptionError, StoreUnavailableError, TruncatedError } from './errors.ts'

/** How often a request is repeated, and after how long. */
export interface RetryOptions {
  /** How many attempts may follow the first. Default 3 */
  readonly retries?: number
  /** The delay before the second attempt, in ms; it doubles with each further one. Default 100 */
  readonly minDelay?: number
  /** The longest delay, in ms. If a server asks for a longer one (Retry-After), there is no other attempt. Default 10,000 */
  readonly maxDelay?: number
  /** Waits, for tests. Default: `setTimeout` */
  wait? (ms: number, signal?: AbortSignal): Promise<void>
}

/** Whether a failure is temporary: {@link StoreUnavailableError}, {@link TruncatedError}, or several failures of which one is temporary. */
export function isTransient (err: unknown): boolean {
  return err instanceof AggregateError ? err.errors.some(isTransient) : err instanceof StoreUnavailableError || err instanceof TruncatedError
}

/**
 * Calls `operation` until it succeeds, fails permanently, or has used up its attempts.
 * After a temporary failure it waits as long as the server asked for, or else for a
 * delay that doubles each time.
 *
 * @throws {Error} the last failure, or the signal's reason
 */
export async function retry<T> (operation: () => Promise<T>, options: RetryOptions | false = {}, signal?: AbortSignal): Promise<T> {
  if (options === false) {
    signal?.throwIfAborted()

    return operation()
  }

  return pRetry(operation, {
    retries: options.retries ?? DEFAULTS.retries,
    signal,
    // compute the delay here, since the server may ask for one
    minTimeout: 0,
    async shouldRetry ({ error, attemptNumber }) {
      const delay = retryDelay([error], attemptNumber, options)
      await delay?.(signal)

      return delay != null
    }
  })
}

/**
 * The delay after the `attempt`th failure, counted from 1; undefined if there is no
 * other attempt.
 */
export function retryDelay (failures: readonly unknown[], attempt: number, options: RetryOptions): ((signal?: AbortSignal) => Promise<void>) | undefined {
  const { retries = DEFAULTS.retries, minDelay = DEFAULTS.minDelay, maxDelay = DEFAULTS.maxDelay, wait = waitFor } = options
  const asked = Math.max(0, ...failures.map(askedDelay))

  if (attempt > retries || asked > maxDelay || !failures.some(isTransient)) {
    return undefined
  }

  const own = Math.min(maxDelay, minDelay * 2 ** (attempt - 1)) * (1 - Math.random() / 2)

  return async signal => wait(Math.max(asked, own), signal)
}

/** The delay that servers asked for, in ms. */
function askedDelay (err: unknown): number {
  if (err instanceof AggregateError) {
    return Math.max(0, ...err.errors.map(askedDelay))
  }

  return err instanceof StoreUnavailableError ? err.retryAfter ?? 0 : 0
}

/** @throws {InvalidOptionError} if a number is invalid */
export function checkRetryOptions (options: RetryOptions | false = {}): void {
  if (options === false) {
    return
  }

  for (const [name, value] of Object.entries({ retries: options.retries, minDelay: options.minDelay, maxDelay: options.maxDelay })) {
    if (value != null && !(value >= 0 && (name !== 'retries' || Number.isInteger(value)))) {
      throw new InvalidOptionError(`retry: ${name} must be a ${name === 'retries' ? 'whole ' : ''}number of at least 0, not ${value}`)
    }
  }
}

async function waitFor (ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    function abort (): void {
      clearTimeout(timer)
      reject(signal?.reason)
    }

    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort, { once: true })
  })
}
