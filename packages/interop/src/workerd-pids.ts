import { readdirSync, readFileSync } from 'node:fs'

/** The process ids of the workerds that this process has started. Linux only. */
export function workerdPids (): number[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(Number).filter(pid => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [, command, parent] = /\((.*)\) \S (\d+)/.exec(stat) ?? []

      return command === 'workerd' && Number(parent) === process.pid
    } catch {
      return false // it has ended
    }
  })
}
