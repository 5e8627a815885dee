import { fetchRequest } from '@kitsune/kubo-rpc'
import { DEFAULTS } from '../defaults.ts'
import { BudgetExceededError, HashMismatchError, InvalidOptionError, ObjectChangedError, ObjectTooLargeError, OutOfRangeError, StoreRefusedError, StoreUnavailableError, TruncatedError } from '../errors.ts'
import { checkRetryOptions, retry } from '../retry.ts'
import { discard } from './body.ts'
import type { Budget, RequestKind } from '../budget.ts'
import type { RetryOptions } from '../retry.ts'
import type { Fetch } from '@kitsune/kubo-rpc'

/** How HTTP requests are made. */
export interface HttpOptions {
  /** Makes the requests; another one than the platform's may reach a private network, count requests, or inject faults. Default: the global `fetch` */
  readonly fetch?: Fetch
  /** How to retry temporary failures. `false`: not at all. */
  readonly retry?: RetryOptions | false
  /** How long a server may be silent before an attempt fails, in ms. Default 30,000 */
  readonly idleTimeout?: number
  /** Is charged for each request, including retries. */
  readonly budget?: Budget
}

/** The response of one attempt. */
export interface Attempt {
  readonly response: Response
  /** Aborts with the attempt, for bodies of a `fetch` that does not handle the signal itself. */
  readonly signal: AbortSignal
  /** Call it when bytes arrive, which shows that the server is not idle. */
  progress (): void
}

interface HttpCall<T> {
  readonly kind: RequestKind
  /** Names the request in messages. */
  readonly what: string
  readonly signal?: AbortSignal
  /** Creates a new request for each attempt, since signatures contain the time. */
  request (init: { signal: AbortSignal, redirect: 'manual' }): Request | Promise<Request>
  /** Reads or cancels the body. Errors other than this package's count as failures of the network. */
  handle (attempt: Attempt): Promise<T>
}

/** Makes one request, with its retries, and returns what the call reads from the response. */
export type HttpClient = <T>(call: HttpCall<T>) => Promise<T>

/**
 * Makes requests with retries, a budget and a timeout. It does not follow redirects, so
 * that bytes come only from, and credentials go only to, the configured server.
 *
 * @throws {InvalidOptionError} if an option is invalid
 */
export function createHttpClient ({ fetch = async request => globalThis.fetch(request), retry: retryOptions, idleTimeout = DEFAULTS.idleTimeout, budget }: HttpOptions): HttpClient {
  checkRetryOptions(retryOptions)

  if (!(idleTimeout > 0)) {
    throw new InvalidOptionError(`idleTimeout must be a number of ms above 0, not ${idleTimeout}`)
  }

  async function attempt<T> ({ kind, what, signal, request, handle }: HttpCall<T>): Promise<T> {
    budget?.spend(kind)
    const idle = createIdleAbort(idleTimeout, signal)

    try {
      const response = await fetchRequest(fetch, await request({ signal: idle.signal, redirect: 'manual' }))

      // browsers report a redirect that was not followed as a response of type opaqueredirect
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
 * Creates the error for a status that is neither success nor absence. Temporary
 * statuses are 408, 429 and all 5xx except 501 and 505.
 */
export function statusError (what: string, { status, headers }: Response, detail = ''): StoreUnavailableError | StoreRefusedError {
  const message = `${what}: status ${status}${detail === '' ? '' : `, ${detail}`}`

  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
    ? new StoreUnavailableError(message, { status, retryAfter: parseRetryAfter(headers.get('retry-after')) })
    : new StoreRefusedError(message, { status })
}

/** Parses Retry-After, which is in seconds or a date; returns ms. */
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

/** Starts a timer that does not keep the process running: while a request is under way, its socket does. */
function startTimer (run: () => void, ms: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(run, ms)

  if (typeof timer === 'object') {
    timer.unref()
  }

  return timer
}

/** Aborts with `signal`, or when there was no progress for `ms` to twice that time. */
function createIdleAbort (ms: number, signal: AbortSignal | undefined): { signal: AbortSignal, progress (): void, stop (): void } {
  const controller = new AbortController()
  const abort = (): void => { controller.abort(signal?.reason) }
  // a flag instead of a new timer, since there may be thousands of chunks
  let progressed = false
  let timer = startTimer(check, ms)

  function check (): void {
    if (progressed) {
      progressed = false
      timer = startTimer(check, ms)
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
