import { readFileSync } from 'node:fs'

// USER_HZ, which is 100 on every architecture that Linux still runs Node on
const TICKS_A_SECOND = 100

/** Seconds of CPU, in user and kernel mode, that the process has used so far. Linux only. */
export function cpuSeconds (pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // the second field is the command's name in brackets and may hold anything
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')

  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}

/** The most memory, in bytes, that was ever resident. Linux only. */
export function peakRss (pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []

  return Number(kilobytes) * 1024
}
