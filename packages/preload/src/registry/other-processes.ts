import { decodeRequest } from './messages.ts'
import type { WireReport, WireRequest } from './messages.ts'
import type { Registry, Report, SharedRequest } from './registry.ts'

type Serve = Parameters<Registry['follow']>[0]

/** The other processes, and the requests that are open there. */
export interface OtherProcesses {
  readonly requests: number
  /** Those that spoke lately. */
  readonly lively: readonly string[]
  /** It has spoken. True: it was not known. */
  heard (process: string): boolean
  /** These are open at the process, besides what is known already. */
  open (process: string, requests: readonly WireRequest[]): void
  close (process: string, id: number): void
  /** None but these are open at the process. False: some of them are not known. */
  keep (process: string, ids: readonly number[]): boolean
  /** So many ms have passed. Processes that were silent for too long are gone, as with {@link gone}. */
  pass (ms: number): void
  gone (process: string): void
  follow (serve: Serve | undefined): void
  /** What is new of requests of a process. */
  takeReports (): Iterable<readonly [process: string, reports: readonly WireReport[]]>
}

export interface OtherProcessesInit {
  /** How long a process may be silent until others wait for it no more, ms. */
  readonly quietAfter: number
  /** How long until it is gone, ms. */
  readonly goneAfter: number
  /** There is something new that should not wait for the next beat. */
  onReport (): void
  onGone (process: string): void
}

interface Process {
  /** For how long, ms. */
  silent: number
  readonly requests: Map<number, ServedRequest>
}

export function createOtherProcesses ({ quietAfter, goneAfter, onReport, onGone }: OtherProcessesInit): OtherProcesses {
  const processes = new Map<string, Process>()
  let serve: Serve | undefined

  function of (id: string): Process {
    let process = processes.get(id)
    if (process == null) {
      process = { silent: 0, requests: new Map() }
      processes.set(id, process)
    }
    return process
  }

  function end ({ requests }: Process, id: number): void {
    requests.get(id)?.stop()
    requests.delete(id)
  }

  function gone (id: string): void {
    const process = processes.get(id)
    if (process != null) {
      processes.delete(id)
      process.requests.forEach(request => { request.stop() })
      onGone(id)
    }
  }

  return {
    get requests () { return [...processes.values()].reduce((sum, { requests }) => sum + requests.size, 0) },
    get lively () { return [...processes].filter(([, { silent }]) => silent <= quietAfter).map(([id]) => id) },

    heard (id) {
      const known = processes.has(id)
      of(id).silent = 0
      return !known
    },

    open (id, requests) {
      const process = of(id)
      for (const wire of requests) {
        const known = process.requests.get(wire.id)
        if (known != null) {
          known.changed = true // it may not know that
          continue
        }
        try {
          const request = new ServedRequest(wire.id, decodeRequest(wire), onReport)
          process.requests.set(wire.id, request)
          request.start(serve)
        } catch { /* its process speaks of something that this one does not understand */ }
      }
    },

    close (id, request) {
      end(of(id), request)
    },

    keep (id, ids) {
      const process = of(id)
      const open = new Set(ids)
      for (const request of process.requests.keys()) {
        if (!open.has(request)) {
          end(process, request)
        }
      }
      return process.requests.size === open.size
    },

    pass (ms) {
      for (const [id, process] of processes) {
        process.silent += ms
        if (process.silent > goneAfter) {
          gone(id)
        }
      }
    },

    gone,

    follow (next) {
      serve = next
      for (const { requests } of processes.values()) {
        for (const request of requests.values()) {
          request.stop()
          request.start(next)
        }
      }
    },

    * takeReports () {
      for (const [id, { requests }] of processes) {
        const reports = [...requests.values()].flatMap(request => request.take() ?? [])
        if (reports.length > 0) {
          yield [id, reports]
        }
      }
    }
  }
}

/** A request of another process. */
class ServedRequest implements Report {
  /** Whether its process has something to hear: first, that it was heard of. */
  changed = true
  readonly #id: number
  readonly #request: SharedRequest
  readonly #onReport: () => void
  readonly #peers = new Set<string>()
  #blocks = 0
  #error: string | undefined
  #stop: (() => void) | undefined

  constructor (id: number, request: SharedRequest, onReport: () => void) {
    this.#id = id
    this.#request = request
    this.#onReport = onReport
  }

  start (serve: Serve | undefined): void {
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

  failed (message: string): void {
    this.#error = message
    this.changed = true
    this.#onReport()
  }

  take (): WireReport | undefined {
    if (this.changed) {
      this.changed = false
      return { id: this.#id, peers: [...this.#peers], blocks: this.#blocks, error: this.#error }
    }
  }
}
