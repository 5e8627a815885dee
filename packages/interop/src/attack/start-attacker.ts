import { fileURLToPath } from 'node:url'
import { startProcess } from '../processes.ts'
import type { AttackInit } from './attacker.ts'

/** An attacker's process. */
export interface Attacker {
  /** Resolves with the bytes that it has sent, when it is done. */
  done (): Promise<number>
  stop (): Promise<void>
}

/** How long it may take to start and to end, ms. */
const GRACE = 60_000

/** Starts an attacker, and resolves when it has begun. */
export async function startAttacker (init: AttackInit): Promise<Attacker> {
  // tests run from source
  const file = import.meta.url.endsWith('.ts') ? './attacker.ts' : './attacker.js'
  const running = startProcess(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), JSON.stringify(init)])
  await running.line(line => line === 'started', GRACE)

  return {
    async done () {
      const line = await running.line(line => line.startsWith('{"sent":'), init.duration + GRACE)

      return (JSON.parse(line) as { sent: number }).sent
    },
    async stop () {
      await running.stop()
    }
  }
}
