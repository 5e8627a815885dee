import { DEFAULTS } from '../defaults.ts'
import { BudgetExceededError, HashMismatchError, InvalidOptionError, ObjectChangedError, ObjectTooLargeError, OutOfRangeError, StoreRefusedError, StoreUnavailableError, TruncatedError } from '../errors.ts'
import { checkRetryOptions, retry } from '../retry.ts'
import { discard } from './body.ts'
import type { Budget, RequestKind } from '../budget.ts'
import type { RetryOptions } from '../retry.ts'

/** The platform's `fetch`, or one that reaches a private network, counts, or makes faults. */
export type Fetch = (input: Request) => Promise<Response>

export interface HttpOptions {
  /** Makes the requests. Default: the global `fetch` */
  readonly fetch?: Fetch
  /** How to try again what failed in a way that may pass. `false`: not at all. */
  readonly retry?: RetryOptions | false
  /** The longest that a server may send nothing before an attempt fails, in ms. Default 30,000 */
  readonly idleTimeout?: number
  /** Is charged for each request, retries included. */
  readonly budget?: Budget
}

/** One attempt, as it sees its response. */
export interface Attempt {
  readonly response: Response
  /** Aborts when the attempt does: a body need not know of it, where `fetch` is not the platform's. */
  readonly signal: AbortSignal
  /** To be called when bytes arrive: the server is not idle. */
  progress (): void
}

export interface HttpCall<T> {
  readonly kind: RequestKind
  /** What is asked for, for messages. */
  readonly what: string
  readonly signal?: AbortSignal
  /** Makes the request anew for each attempt, since a signature is of its moment. */
  request (init: { signal: AbortSignal, redirect: 'manual' }): Request | Promise<Request>
  /** Reads or cancels the body. What it throws that is no error of ours is taken for a failure of the network. */
  handle (attempt: Attempt): Promise<T>
}

export type HttpClient = <T>(call: HttpCall<T>) => Promise<T>

/**
 * Requests that are retried, counted, timed and never redirected: an object's
 * bytes come from where the configuration says, and credentials go nowhere else.
 *
 * @throws {InvalidOptionError} if an option cannot be meant
 */
export function createHttpClient ({ fetch = async request => globalThis.fetch(request), retry: retryOptions, idleTimeout = DEFAULTS.idleTimeout, budget }: HttpOptions): HttpClient {
  checkRetryOptions(retryOptions)
  if (!(idleTimeout > 0)) {
    throw new InvalidOptionError(`idleTimeout is a number of ms above 0, not ${idleTimeout}`)
  }

  async function attempt<T> ({ kind, what, signal, request, handle }: HttpCall<T>): Promise<T> {
    budget?.spend(kind)
    const idle = createIdleAbort(idleTimeout, signal)

    try {
      const response = await fetch(await request({ signal: idle.signal, redirect: 'manual' }))
      // a browser shows a redirect that was not followed as a response of type opaqueredirect
      if (response.type === 'opaqueredirect' || [301, 302, 303, 307, 308].includes(response.status)) {
        await discard(response.body)
        const to = response.headers.get('location')
        throw new StoreRefusedError(`${what}: redirects are not followed${to == null ? '' : `; this one leads to ${to}`}`, { status: response.status })
      }
      return await handle({ response, signal: idle.signal, progress: idle.progress })
    } catch (err) {
      signal?.throwIfAborted()
      if (idle.signal.aborted) {
        throw new StoreUnavailableError(`${what}: nothing was received for ${idleTimeout} ms`, { cause: err })
      }
      throw isOurs(err) ? err : new StoreUnavailableError(`${what}: ${err instanceof Error ? err.message : String(err)}`, { cause: err })
    } finally {
      idle.stop()
    }
  }

  return async call => retry(async () => attempt(call), retryOptions, call.signal)
}

/**
 * The error for a status that is neither success nor absence. Statuses that may
 * pass: 408, 429 and all 5xx but 501 and 505.
 */
export function statusError (what: string, { status, headers }: Response, detail = ''): StoreUnavailableError | StoreRefusedError {
  const message = `${what}: status ${status}${detail === '' ? '' : `, ${detail}`}`

  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
    ? new StoreUnavailableError(message, { status, retryAfter: parseRetryAfter(headers.get('retry-after')) })
    : new StoreRefusedError(message, { status })
}

/** Retry-After in ms, which is written in seconds or as a date. */
export function parseRetryAfter (value: string | null, now = Date.now()): number | undefined {
  if (value == null) {
    return undefined
  }
  if (/^\d+$/.test(value.trim())) {
    return Number(value) * 1000
  }
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

function isOurs (err: unknown): boolean {
  return OURS.some(kind => err instanceof kind)
}

const OURS = [StoreUnavailableError, StoreRefusedError, TruncatedError, OutOfRangeError, ObjectChangedError, ObjectTooLargeError, HashMismatchError, BudgetExceededError]

/** Aborts with `signal`, or when there was no progress for `ms`, or up to twice that. */
function createIdleAbort (ms: number, signal: AbortSignal | undefined): { signal: AbortSignal, progress (): void, stop (): void } {
  const controller = new AbortController()
  const abort = (): void => { controller.abort(signal?.reason) }
  // a flag and not a timer anew, since there may be thousands of chunks
  let progressed = false
  let timer = setTimeout(check, ms)

  function check (): void {
    if (progressed) {
      progressed = false
      timer = setTimeout(check, ms)
    } else {
      controller.abort()
    }
  }

  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted === true) {
    abort()
  }

  return {
    signal: controller.signal,
    progress () { progressed = true },
    stop () {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  }
}
