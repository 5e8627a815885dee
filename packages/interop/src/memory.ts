import { readFileSync, writeFileSync } from 'node:fs'

/** The resident memory of a process, bytes: `now`, and the `peak` since it started or since resetPeak(). */
export interface Resident {
  now: number
  peak: number
}

/** Reads /proc; undefined on systems that have none. */
export function residentBytes (pid: number): Resident | undefined {
  let status: string

  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return undefined
  }

  const bytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024

  return { now: bytes('VmRSS'), peak: bytes('VmHWM') }
}

/** Resets the peak to the present value, so that nothing between two samples is missed. */
export function resetPeak (pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
