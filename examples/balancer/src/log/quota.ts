/** Calls once after `ms`; the result cancels. */
export type After = (ms: number, run: () => void) => () => void

export interface QuotaInit {
  /** Lines about one subject in one period, before those that follow wait for its end. */
  readonly burst: number
  /** ms. */
  readonly period: number
  readonly after?: After
}

/** Keeps what happens again and again from flooding a log. */
export interface Quota {
  /**
   * Writes at once if there were few lines about this subject; else the latest
   * one is written at the end of the period, told how many before it were left out.
   */
  spend (subject: string, write: (leftOut: number) => void): void
  /** Writes what waits. */
  close (): void
}

interface Subject {
  used: number
  waiting: { count: number, write (leftOut: number): void } | undefined
  cancel (): void
}

/** No subject's last line is lost: what the log says of it at the end is true. */
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

/** Holds no process open. */
function unrefTimer (ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms).unref()

  return () => { clearTimeout(timer) }
}
