import type { ProcessContext } from './process-context.ts'

/** What was done with one CAR, or with the target. */
export interface Report {
  readonly action: 'added' | 'present' | 'listed' | 'checked' | 'removed' | 'compacted' | 'failed' | 'would add' | 'would remove'
  /** The CID of the CAR. */
  readonly car?: string
  /** The file that it was added from. */
  readonly file?: string
  readonly roots?: readonly string[]
  readonly blocks?: number
  /** Of the blocks, those of hash functions that are unknown here. */
  readonly unverified?: number
  readonly bytes?: number
  /** Why it failed, with the offset if a CAR is malformed. */
  readonly error?: string
}

/** Tells what is done, to people or to programs. */
export interface Reporter {
  /** Whether something failed. */
  readonly failed: boolean
  report (report: Report): void
  /** How far one step has come: shown on a terminal, and never by JSON. */
  progress (what: string, bytes: number, total: number): void
}

/** Makes a reporter that prints for people, or with `json` an object a line. */
export function createReporter (context: Pick<ProcessContext, 'print' | 'complain' | 'progress'>, json: boolean): Reporter {
  let failed = false

  return {
    get failed () { return failed },

    report (report) {
      failed ||= report.action === 'failed'

      if (json) {
        context.print(JSON.stringify(report))
      } else if (report.action === 'failed') {
        context.complain(`failed ${report.file ?? report.car ?? ''}: ${report.error}`)
      } else {
        context.print(lineOf(report))
      }
    },

    progress (what, bytes, total) {
      if (!json) {
        context.progress?.(`${what} ${Math.floor(100 * bytes / Math.max(1, total))} %`)
      }
    }
  }
}

function lineOf ({ action, car, file, roots = [], blocks, unverified = 0, bytes }: Report): string {
  if (action === 'listed') {
    return car ?? ''
  }

  return [
    action,
    car,
    file == null ? undefined : `(${file})`,
    blocks == null ? undefined : `${blocks} blocks`,
    unverified === 0 ? undefined : `${unverified} of them of unknown hash functions`,
    bytes == null ? undefined : `${bytes} bytes`,
    roots.length === 0 ? undefined : `roots ${roots.join(' ')}`
  ].filter(part => part != null).join(' ')
}
