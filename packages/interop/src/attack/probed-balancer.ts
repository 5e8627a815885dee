import { fileURLToPath } from 'node:url'
import { startBalancer } from '../balancer.ts'
import { delay, poll } from '../until.ts'
import type { Work } from './work.ts'
import type { Balancer, BalancerInit } from '../balancer.ts'
import type { Peaks } from '@kitsune/want-router'

/** What a balancer's process holds, bytes, and how its event loop has done since the last sample. */
export interface Look {
  readonly heap: number
  /** What V8 has allocated for the heap. */
  readonly committed: number
  readonly external: number
  readonly rss: number
  /** Its longest stall, and what 99 of 100 times between two of its timers stayed below, ms. */
  readonly stall: number
  readonly delay: number
  readonly work: Work
}

/** A balancer with a probe in its process. */
export interface ProbedBalancer extends Balancer {
  /** Takes a sample; `collected`: after a full collection. */
  look (options?: { collected?: boolean }): Promise<Look>
  /** What it holds after a full collection, in its heap and outside of it, bytes. */
  held (): Promise<number>
  /** The most work that its router has done at once since it was started. */
  peaks (): Promise<Peaks>
}

/** Starts a balancer with a probe in its process. */
export async function startProbedBalancer (init: BalancerInit): Promise<ProbedBalancer> {
  // this file and the balancer run from source in tests, and built otherwise
  const file = import.meta.url.endsWith('.ts') ? './probe.ts' : './probe.js'
  const balancer = await startBalancer({
    ...init,
    nodeArgs: ['--expose-gc', '--import', fileURLToPath(new URL(file, import.meta.url)), ...init.nodeArgs ?? []]
  })
  const find = (): string | undefined => balancer.output.find(line => line.startsWith('{"probe":'))

  try {
    await poll(() => find() != null, 'the port of the probe')
  } catch (err) {
    await balancer.stop()
    throw err
  }

  const { probe } = JSON.parse(find() ?? '{}') as { probe: number }

  const look = async ({ collected = false } = {}): Promise<Look> => {
    const response = await fetch(`http://127.0.0.1:${probe}/${collected ? 'collected' : ''}`).catch(async (err: unknown) => {
      throw new Error(`the balancer does not answer: ${await ending(balancer)}`, { cause: err })
    })

    return await response.json() as Look
  }

  return Object.assign(balancer, {
    look,

    async held () {
      const { heap, external } = await look({ collected: true })

      return heap + external
    },

    async peaks () {
      const response = await fetch(`${balancer.admin}/status`)
      const { peaks } = await response.json() as { peaks: Peaks }

      return peaks
    }
  })
}

/** How long a process that no longer answers has to end, ms. */
const END_WITHIN = 2_000
/** How many of the last lines of its output are shown. */
const LAST_LINES = 40

/** How a balancer has ended, with the end of its output. */
async function ending ({ exited, output }: Balancer): Promise<string> {
  const exit = await Promise.race([exited, delay(END_WITHIN)])
  const how = exit == null ? 'it still runs' : `it has ended with ${exit.signal ?? `exit code ${exit.code}`}`

  return `${how}; its last lines were\n${output.slice(-LAST_LINES).join('\n')}`
}
