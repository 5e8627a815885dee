import { median } from './statistics.ts'

interface TimingInit {
  /** How often each function is timed; default 15. */
  samples?: number
  /** Milliseconds that a sample should take; default 100. The kernel counts CPU time in ticks of up to 10 ms. */
  sampleTime?: number
}

/**
 * Median microseconds of a call of each function, in CPU time of this thread:
 * on a busy machine, the clock would also count other processes. Samples alternate
 * between the functions, so that load on the machine affects
 * all of them alike. The functions return something,
 * which is kept so that no call is optimised away.
 */
export function timings <T extends string> (functions: Record<T, () => unknown>, init: TimingInit = {}): Record<T, number> {
  const { samples = 15, sampleTime = 100 } = init
  const names = Object.keys(functions) as T[]
  const rounds = new Map(names.map(name => [name, calibrate(functions[name], sampleTime)]))
  const times = new Map<T, number[]>(names.map(name => [name, []]))

  for (let i = 0; i < samples; i++) {
    for (const name of names) {
      const count = rounds.get(name) ?? 1
      times.get(name)?.push(time(functions[name], count) / count)
    }
  }

  return Object.fromEntries(names.map(name => [name, median(times.get(name) ?? []) * 1_000])) as Record<T, number>
}

/** How many calls take about `target` ms once the function has been compiled. */
function calibrate (fn: () => unknown, target: number): number {
  let count = 1
  let elapsed = time(fn, count)

  while (elapsed < target) {
    count = Math.ceil(count * Math.min(10, Math.max(1.1, target / Math.max(elapsed, 0.001))))
    elapsed = time(fn, count)
  }

  return count
}

let kept: unknown

function time (fn: () => unknown, count: number): number {
  const start = cpuTime()

  for (let i = 0; i < count; i++) {
    kept = fn()
  }

  return kept === time ? 0 : cpuTime() - start
}

/** Milliseconds of CPU that this thread has used. */
function cpuTime (): number {
  const { user, system } = process.threadCpuUsage()

  return (user + system) / 1_000
}
