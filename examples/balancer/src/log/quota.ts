/** Calls `run` once after `ms`; returns a function that cancels the call. */
export type After = (ms: number, run: () => void) => () => void

interface QuotaInit {
  /** How many lines about one subject are written at once in one period; later ones wait for its end. */
  readonly burst: number
  /** The length of a period, ms. */
  readonly period: number
  readonly after?: After
}

/** Keeps repeated events from flooding a log. */
export interface Quota {
  /**
   * Calls `write` at once while there are few lines about this subject. Otherwise it
   * calls only the latest `write`, at the end of the period, with the number of
   * earlier lines that were left out.
   */
  spend (subject: string, write: (leftOut: number) => void): void
  /** Writes the lines that wait. */
  close (): void
}

interface Subject {
  used: number
  waiting: { count: number, write (leftOut: number): void } | undefined
  cancel (): void
}

/** Creates a quota. It never loses a subject's last line, so the last state in the log is true. */
export function createQuota ({ burst, period, after = unrefTimer }: QuotaInit): Quota {
  const subjects = new Map<string, Subject>()

  function begin (name: string): Subject {
    const subject: Subject = { used: 0, waiting: undefined, cancel: after(period, () => { end(name, subject) }) }
    subjects.set(name, subject)

    return subject
  }

  function end (name: string, { waiting }: Subject): void {
    subjects.delete(name)

    if (waiting != null) {
      begin(name).used = 1
      waiting.write(waiting.count - 1)
    }
  }

  return {
    spend (name, write) {
      const subject = subjects.get(name) ?? begin(name)

      if (subject.used < burst) {
        subject.used++
        write(0)
      } else {
        subject.waiting = { count: (subject.waiting?.count ?? 0) + 1, write }
      }
    },

    close () {
      for (const { waiting, cancel } of subjects.values()) {
        cancel()
        waiting?.write(waiting.count - 1)
      }

      subjects.clear()
    }
  }
}

/** A timer that does not keep the process alive. */
function unrefTimer (ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms).unref()

  return () => { clearTimeout(timer) }
}
