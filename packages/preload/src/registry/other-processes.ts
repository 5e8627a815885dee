import { OtherProcess } from './other-process.ts'
import type { WireReport, WireRequest } from './messages.ts'
import type { Serve } from './served-request.ts'

/** The other processes, and the requests that are open there. */
export interface OtherProcesses {
  readonly requests: number
  /** The processes that have sent a message lately. */
  readonly lively: readonly string[]
  /** The process has sent a message. True: it was not known. */
  heard (process: string): boolean
  /** These requests are open at the process, besides those that are known already. */
  open (process: string, requests: readonly WireRequest[]): void
  close (process: string, id: number): void
  /** Only these requests are open at the process. False: some of them are not known. */
  keep (process: string, ids: readonly number[]): boolean
  /** This many ms have passed. Processes that were silent for too long are gone, as with {@link gone}. */
  pass (ms: number): void
  gone (process: string): void
  follow (serve: Serve): void
  /** The reports that have changed, by the process of the requests. */
  takeReports (): Iterable<readonly [process: string, reports: readonly WireReport[]]>
}

interface OtherProcessesInit {
  /** How long a process may be silent until requests no longer wait for it, ms. */
  readonly quietAfter: number
  /** How long it may be silent until it counts as gone, ms. */
  readonly goneAfter: number
  /** There is a report that should not wait for the next regular message. */
  onReport (): void
  onGone (process: string): void
}

/** Creates the set of other processes, which is empty. */
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
