import type { Timers } from '../../src/timers.ts'

/** Time that stands still until a test lets it pass. */
export interface ManualClock extends Timers {
  pass (ms: number): void
  /** Timers that are set. */
  readonly pending: number
}

export function manualClock (): ManualClock {
  const timers = new Set<{ readonly at: number, run (): void }>()
  let time = 0

  return {
    now: () => time,
    after (ms, run) {
      const timer = { at: time + ms, run }
      timers.add(timer)

      return () => { timers.delete(timer) }
    },
    pass (ms) {
      const end = time + ms

      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)

        if (next == null) {
          break
        }

        time = next.at
        timers.delete(next)
        next.run()
      }

      time = end
    },
    get pending () { return timers.size }
  }
}

/** Lets everything that is ready run. */
export async function settle (): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await new Promise<void>(resolve => { setImmediate(resolve) })
  }
}
