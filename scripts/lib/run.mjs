import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'

/** @typedef {import('node:child_process').SpawnOptions & { priority?: number }} RunOptions - `priority` as of node:os, of the command and all that it starts */

/**
 * Runs a command with this process's terminal, and resolves to its exit code (as in
 * shells, 128 plus the signal's number if a signal ended it).
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<number>}
 */
export async function run (command, args, { priority, ...options } = {}) {
  const child = spawn(command, args, { stdio: 'inherit', ...options })

  if (priority != null && child.pid != null) {
    setPriority(child.pid, priority)
  }

  return exitCode(child)
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>}
 */
export async function exitCode (child) {
  // the terminal also sends SIGINT to the child; SIGTERM only reaches this process
  const forward = () => { child.kill('SIGTERM') }
  process.on('SIGTERM', forward)

  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        resolve(code ?? (signal === 'SIGINT' ? 130 : 143))
      })
    })
  } finally {
    process.off('SIGTERM', forward)
  }
}

/** @param {number} since - the value of `performance.now()` at the start */
export function seconds (since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
