import { decodeRequest } from './messages.ts'
import { ServedRequest } from './served-request.ts'
import type { WireReport, WireRequest } from './messages.ts'
import type { Serve } from './served-request.ts'

/** Another process, and the requests that are open there. */
export class OtherProcess {
  /** How long it has not sent a message, ms. */
  silent = 0
  readonly #requests = new Map<number, ServedRequest>()
  readonly #onReport: () => void

  /** `onReport`: there is a report that should not wait for the next regular message. */
  constructor (onReport: () => void) {
    this.#onReport = onReport
  }

  /** How many requests are open. */
  get size (): number {
    return this.#requests.size
  }

  /** These requests are open, besides those that are known already. */
  open (requests: readonly WireRequest[], serve: Serve): void {
    for (const wire of requests) {
      const known = this.#requests.get(wire.id)

      if (known != null) {
        known.changed = true // it may not know that
        continue
      }

      try {
        const request = new ServedRequest(wire.id, decodeRequest(wire), this.#onReport)
        this.#requests.set(wire.id, request)
        request.start(serve)
      } catch { /* its process speaks of something that this one does not understand */ }
    }
  }

  close (id: number): void {
    this.#requests.get(id)?.stop()
    this.#requests.delete(id)
  }

  /** Only these requests are open. False: some of them are not known. */
  keep (ids: readonly number[]): boolean {
    const open = new Set(ids)

    for (const id of this.#requests.keys()) {
      if (!open.has(id)) {
        this.close(id)
      }
    }

    return this.#requests.size === open.size
  }

  /** Replaces the function that serves the requests. */
  follow (serve: Serve): void {
    for (const request of this.#requests.values()) {
      request.stop()
      request.start(serve)
    }
  }

  /** The reports that have changed. */
  takeReports (): WireReport[] {
    return [...this.#requests.values()].flatMap(request => request.take() ?? [])
  }

  stop (): void {
    this.#requests.forEach(request => { request.stop() })
  }
}
