import { TooManyRequestsError } from '../errors.ts'
import type { WireReport } from './messages.ts'
import type { Registry, Report, SharedRequest } from './registry.ts'

/** The function that serves the requests of other processes, if there is one. */
export type Serve = Parameters<Registry['follow']>[0] | undefined

/** A request of another process, and the report about it. */
export class ServedRequest implements Report {
  /** Whether there is a new report. The first one says that the request has arrived. */
  changed = true
  readonly #id: number
  readonly #request: SharedRequest
  readonly #onReport: () => void
  readonly #peers = new Set<string>()
  #blocks = 0
  #error: Error | undefined
  #stop: (() => void) | undefined

  constructor (id: number, request: SharedRequest, onReport: () => void) {
    this.#id = id
    this.#request = request
    this.#onReport = onReport
  }

  start (serve: Serve): void {
    this.#stop = serve?.(this.#request, this)
  }

  stop (): void {
    this.#stop?.()
    this.#stop = undefined
  }

  peer (peer: string): void {
    this.#peers.add(peer)
    this.changed = true
    this.#onReport()
  }

  block (): void {
    this.#blocks++
    this.changed = true
  }

  failed (error: Error): void {
    this.#error = error
    this.changed = true
    this.#onReport()
  }

  take (): WireReport | undefined {
    if (this.changed) {
      this.changed = false

      return {
        id: this.#id,
        peers: [...this.#peers],
        blocks: this.#blocks,
        error: this.#error?.message,
        retryAfter: this.#error instanceof TooManyRequestsError ? this.#error.retryAfter : undefined
      }
    }
  }
}
