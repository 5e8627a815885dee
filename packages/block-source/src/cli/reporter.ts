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
  /** How many of the blocks were not hashed, because their hash functions are unknown here. */
  readonly unverified?: number
  readonly bytes?: number
  /** Why it failed, with the offset if a CAR is malformed. */
  readonly error?: string
}

/** Reports what the command does, as text or as JSON. */
export interface Reporter {
  /** Whether something failed. */
  readonly failed: boolean
  report (report: Report): void
  /** Shows on a terminal how far a step has come; does nothing if the output is JSON. */
  progress (what: string, bytes: number, total: number): void
}

/** Creates a reporter that prints text, or with `json` one JSON object per line. */
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
