import { readFileSync } from 'node:fs'

// USER_HZ, which is 100 on every architecture that Linux still runs Node on
const TICKS_A_SECOND = 100

/** Seconds of CPU that a process has used so far. */
export interface CpuUsage {
  /** All CPU time. */
  total: number
  /** In the kernel: mostly for sockets. */
  system: number
  /** On the main thread, which in Node runs all JavaScript; the rest is garbage collection, compilation and the thread pool. */
  main: number
}

/** Linux only. */
export function cpuUsage (pid: number): CpuUsage {
  const process = times(`/proc/${pid}/stat`)
  const main = times(`/proc/${pid}/task/${pid}/stat`)

  return {
    total: process.user + process.system,
    system: process.system,
    main: main.user + main.system
  }
}

/** The CPU time that was used after `before` was read. */
export function since (before: CpuUsage, after: CpuUsage): CpuUsage {
  return {
    total: after.total - before.total,
    system: after.system - before.system,
    main: after.main - before.main
  }
}

function times (file: string): { user: number, system: number } {
  const stat = readFileSync(file, 'utf8')
  // the second field is the command's name in brackets and may hold anything
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')

  return { user: Number(fields[11]) / TICKS_A_SECOND, system: Number(fields[12]) / TICKS_A_SECOND }
}

/** The most memory, in bytes, that was ever resident. Linux only. */
export function peakRss (pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []

  return Number(kilobytes) * 1024
}
