import { TooManyRequestsError } from '../errors.ts'
import type { WireReport } from './messages.ts'
import type { Registry, Report, Serving, SharedRequest } from './registry.ts'

/** The function that serves the requests of other processes, if there is one. */
export type Serve = Parameters<Registry['follow']>[0] | undefined

/** A request of another process, and the report about it. */
export class ServedRequest implements Report {
  /** Whether it is to be reported again. The first report says that the request has arrived. */
  changed = true
  readonly #id: number
  readonly #request: SharedRequest
  readonly #onReport: () => void
  readonly #peers = new Set<string>()
  #blocks = 0
  #error: Error | undefined
  #serving: Serving | undefined
  /** As it was reported last. */
  #waits = false

  constructor (id: number, request: SharedRequest, onReport: () => void) {
    this.#id = id
    this.#request = request
    this.#onReport = onReport
  }

  start (serve: Serve): void {
    this.#serving = serve?.(this.#request, this)
  }

  stop (): void {
    this.#serving?.close()
    this.#serving = undefined
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
    const waits = this.#serving?.waits === true

    if (this.changed || waits !== this.#waits) {
      this.changed = false
      this.#waits = waits

      return {
        id: this.#id,
        peers: [...this.#peers],
        blocks: this.#blocks,
        waits,
        error: this.#error?.message,
        retryAfter: this.#error instanceof TooManyRequestsError ? this.#error.retryAfter : undefined
      }
    }
  }
}
