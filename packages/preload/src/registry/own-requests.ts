import { BudgetError, TooManyRequestsError } from '../errors.ts'
import { encodeRequest } from './messages.ts'
import type { WireReport, WireRequest } from './messages.ts'
import type { RegisteredRequest, SharedRequest } from './registry.ts'

/** The open requests of this process. */
export interface OwnRequests {
  readonly ids: readonly number[]
  /** `heard` resolves when each of these processes has reported the request, or has gone. */
  add (request: SharedRequest, processes: Iterable<string>, onClose: (id: number) => void): OwnRequest
  describe (): WireRequest[]
  report (process: string, report: WireReport): void
  /** A process has gone, with the clients by which it served. */
  gone (process: string): void
}

interface OwnRequest extends RegisteredRequest {
  readonly id: number
  readonly heard: Promise<void>
}

/** Creates the set of this process's requests, which is empty. */
export function createOwnRequests (): OwnRequests {
  const open = new Map<number, OpenRequest>()
  let last = 0

  return {
    get ids () { return [...open.keys()] },

    add (request, processes, onClose) {
      const id = ++last
      const own = new OpenRequest(id, request, processes, () => {
        if (open.delete(id)) {
          onClose(id)
        }
      })
      open.set(id, own)

      return own
    },

    describe: () => [...open.values()].map(({ id, request }) => encodeRequest(id, request)),
    report: (process, report) => { open.get(report.id)?.report(process, report) },
    gone: process => { open.forEach(own => { own.gone(process) }) }
  }
}

class OpenRequest implements OwnRequest {
  readonly id: number
  readonly request: SharedRequest
  readonly close: () => void
  onReport: RegisteredRequest['onReport']
  error: Error | undefined
  readonly #heard = Promise.withResolvers<void>()
  /** Processes that have not heard of it yet. */
  readonly #unaware: Set<string>
  readonly #reports = new Map<string, WireReport>()

  constructor (id: number, request: SharedRequest, processes: Iterable<string>, close: () => void) {
    this.id = id
    this.request = request
    this.close = close
    this.#unaware = new Set(processes)
    this.#aware()
  }

  get heard (): Promise<void> {
    return this.#heard.promise
  }

  get peers (): string[] {
    return [...this.#reports.values()].flatMap(({ peers }) => peers)
  }

  get blocks (): number {
    return [...this.#reports.values()].reduce((sum, { blocks }) => sum + blocks, 0)
  }

  get waits (): boolean {
    // one that does not tell may wait
    return [...this.#reports.values()].some(({ peers, waits = true }) => peers.length > 0 && waits)
  }

  report (process: string, report: WireReport): void {
    this.#reports.set(process, report)
    this.error ??= errorOf(report)
    this.#aware(process)
    this.onReport?.(errorOf(report))
  }

  gone (process: string): void {
    this.#reports.delete(process)
    this.#aware(process)
  }

  #aware (process?: string): void {
    if (process != null) {
      this.#unaware.delete(process)
    }

    if (this.#unaware.size === 0) {
      this.#heard.resolve()
    }
  }
}

/** As the process that reports it has thrown it. */
function errorOf ({ error, retryAfter }: WireReport): Error | undefined {
  if (error != null) {
    return retryAfter == null ? new BudgetError(error) : new TooManyRequestsError(error, { retryAfter })
  }
}
