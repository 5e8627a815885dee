import { spawn } from 'node:child_process'

/**
 * Runs a command with this process's terminal, and resolves to its exit code
 * (128 and the signal's number where a signal ended it, as shells do).
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export async function run (command, args, options = {}) {
  const child = spawn(command, args, { stdio: 'inherit', ...options })

  return exitCode(child)
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>}
 */
export async function exitCode (child) {
  // the terminal sends SIGINT to the child as well; SIGTERM comes to us alone
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

/** @param {number} since - what `performance.now()` said at the start */
export function seconds (since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
