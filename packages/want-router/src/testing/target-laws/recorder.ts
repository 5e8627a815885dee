import { LawBrokenError } from '@kitsune/bitswap-codec/testing'
import { createVerifier } from '../../driver/verifier.ts'
import type { Capacity, Sink } from '../../targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** What a target reported; a block under the key that its bytes hash to. */
export type Report =
  | { readonly what: 'up' | 'down' | 'load' }
  | { readonly what: 'block' | 'have' | 'dont-have' | 'unknown' | 'failed', readonly key: WantKey, readonly why?: Error }

/** A sink that records what is reported. */
export interface Recorder extends Sink {
  readonly reports: Report[]
  capacity: Partial<Capacity>
  up (capacity?: Partial<Capacity>): void
  /** What is being called; a target must not report anything until that returns. */
  inside: string | undefined
  /** What was reported from inside a call. */
  readonly reentered: string[]
  /** What `block` returns. */
  taken: Promise<void> | undefined
  /** The answers to wants for a key. */
  answers (key: WantKey): string[]
}

/** Makes a sink that records all reports of a target, and during which calls they came. */
export function createRecorder (): Recorder {
  const reports: Report[] = []
  const verify = createVerifier()

  function note (report: Report): void {
    reports.push(report)

    if (self.inside != null) {
      self.reentered.push(`reported ${report.what} from inside ${self.inside}`)
    }
  }

  const self: Recorder = {
    reports,
    capacity: {},
    inside: undefined,
    reentered: [],
    taken: undefined,
    answers: key => reports.flatMap(report => 'key' in report && report.key === key ? [report.what] : []),

    up (capacity = {}) {
      self.capacity = capacity
      note({ what: 'up' })
    },
    down () { note({ what: 'down' }) },
    load () { note({ what: 'load' }) },
    answer (key, what, why) { note({ what, key, why }) },
    report () {},
    block (prefix, bytes) {
      const key = verify(prefix, bytes)

      if (typeof key === 'string') {
        note({ what: 'block', key })

        return self.taken
      }

      return key.then(async key => {
        note({ what: 'block', key })
        await self.taken
      })
    }
  }

  return self
}

/** Makes the error that says how the target broke a law. */
export function broken (why: string): LawBrokenError {
  return new LawBrokenError(why)
}
