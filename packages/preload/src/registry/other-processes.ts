import { OtherProcess } from './other-process.ts'
import type { WireReport, WireRequest } from './messages.ts'
import type { Serve } from './served-request.ts'

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
  /** Tells that this many ms have passed. Processes that were silent for too long are gone, as with {@link gone}. */
  pass (ms: number): void
  gone (process: string): void
  follow (serve: Serve): void
  /** What is new of requests of a process. */
  takeReports (): Iterable<readonly [process: string, reports: readonly WireReport[]]>
}

interface OtherProcessesInit {
  /** How long a process may be silent until others wait for it no more, ms. */
  readonly quietAfter: number
  /** How long until it is gone, ms. */
  readonly goneAfter: number
  /** There is something new that should not wait for the next beat. */
  onReport (): void
  onGone (process: string): void
}

/** Makes the set of other processes, none of which has been heard of yet. */
export function createOtherProcesses ({ quietAfter, goneAfter, onReport, onGone }: OtherProcessesInit): OtherProcesses {
  const processes = new Map<string, OtherProcess>()
  let serve: Serve

  function of (id: string): OtherProcess {
    let process = processes.get(id)

    if (process == null) {
      process = new OtherProcess(onReport)
      processes.set(id, process)
    }

    return process
  }

  function gone (id: string): void {
    const process = processes.get(id)

    if (process != null) {
      processes.delete(id)
      process.stop()
      onGone(id)
    }
  }

  return {
    get requests () { return [...processes.values()].reduce((sum, { size }) => sum + size, 0) },
    get lively () { return [...processes].filter(([, { silent }]) => silent <= quietAfter).map(([id]) => id) },

    heard (id) {
      const known = processes.has(id)
      of(id).silent = 0

      return !known
    },

    open (id, requests) { of(id).open(requests, serve) },

    close (id, request) { of(id).close(request) },

    keep: (id, requests) => of(id).keep(requests),

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
      processes.forEach(process => { process.follow(next) })
    },

    * takeReports () {
      for (const [id, process] of processes) {
        const reports = process.takeReports()

        if (reports.length > 0) {
          yield [id, reports]
        }
      }
    }
  }
}
