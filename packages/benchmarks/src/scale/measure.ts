import { execFile } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DEFAULT_STRATEGY } from '@kitsune/want-router'
import { progress } from '../print.ts'
import { SCALE_STRATEGIES } from './grid.ts'
import { SLICE_CASES } from './slices.ts'
import type { Job, JobResults, ServedRun } from './jobs.ts'
import type { MemoryFigure } from './memory.ts'
import type { SliceCase, SliceFigure } from './slices.ts'

/** Everything that the benchmark measures. */
export interface ScaleFigures {
  readonly served: readonly ServedRun[]
  readonly slices: readonly SliceFigure[]
  readonly memory: MemoryFigure
}

/**
 * Measures each strategy `runs` times, each time in a new process. Slices and memory
 * are measured once: picks and bytes are the same in every run.
 */
export async function measureScale ({ runs, quick }: { runs: number, quick: boolean }): Promise<ScaleFigures> {
  const served: ServedRun[] = []
  const slices: SliceFigure[] = []

  for (let run = 0; run < runs; run++) {
    for (const { name } of SCALE_STRATEGIES) {
      progress(`scale ${run + 1}/${runs} ${name}`)
      served.push(await inProcess({ job: 'served', strategy: name, quick }))
    }
  }

  for (const name of Object.keys(SLICE_CASES) as SliceCase[]) {
    progress(`scale ${name}`)
    slices.push(...await inProcess({ job: 'slices', case: name, strategy: DEFAULT_STRATEGY, quick }))
  }

  progress('scale memory')

  return { served, slices, memory: await inProcess({ job: 'memory' }) }
}

const run = promisify(execFile)

async function inProcess <T extends Job> (job: T): Promise<JobResults[T['job']]> {
  const file = fileURLToPath(new URL(`process${extname(import.meta.url)}`, import.meta.url))
  const { stdout } = await run(process.execPath, ['--expose-gc', '--max-old-space-size=6144', file, JSON.stringify(job)])

  return JSON.parse(stdout)
}
