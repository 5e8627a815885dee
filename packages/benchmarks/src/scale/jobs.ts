import { DOWN, DOWN_CASE, SCALE_STRATEGIES, scaleCases } from './grid.ts'
import { memoryFigure } from './memory.ts'
import { createServed } from './served.ts'
import { SLICE_CASES } from './slices.ts'
import type { MemoryFigure } from './memory.ts'
import type { Served, ServedFigure } from './served.ts'
import type { SliceCase, SliceFigure } from './slices.ts'

/** What one process measures. */
export type Job =
  | { readonly job: 'served', readonly strategy: string, readonly quick: boolean }
  | { readonly job: 'slices', readonly case: SliceCase, readonly strategy: string, readonly quick: boolean }
  | { readonly job: 'memory' }

/** One run of all cases of a strategy. */
export interface ServedRun {
  /** Its name in `SCALE_STRATEGIES`. */
  readonly strategy: string
  readonly figures: readonly ServedFigure[]
  /** One case without and with members that are down. */
  readonly down: { readonly without: ServedFigure, readonly with: ServedFigure }
}

/** The result of each kind of job. */
export interface JobResults {
  served: ServedRun
  slices: SliceFigure[]
  memory: MemoryFigure
}

// each case measures at least this many wants
const LEAST = 100_000
// wants that are served before each case is measured, so that code is compiled: a collection drops compiled code with the objects that it knows
const WARM_UP = 60_000
// CPU time after which the run of a case is cut off, ms: for each million wants, but at least
const MOST_A_MILLION = 60_000
const MOST = 6_000

/** Does a job in a new process; `collect` collects all garbage. */
export function runJob (job: Job, collect: () => void): JobResults[Job['job']] {
  switch (job.job) {
    case 'served':
      return servedRun(job.strategy, job.quick, collect)
    case 'slices':
      return SLICE_CASES[job.case](job.strategy, job.quick ? 0.1 : 1)
    default:
      return memoryFigure(collect)
  }
}

function servedRun (name: string, quick: boolean, collect: () => void): ServedRun {
  const found = SCALE_STRATEGIES.find(strategy => strategy.name === name)

  if (found == null) {
    throw new Error(`there is no strategy "${name}" in the grid`)
  }

  const { strategy } = found
  const figures: ServedFigure[] = []
  let served: Served | undefined
  let of = ''

  for (const { clients, members, wants } of scaleCases(found, quick)) {
    // consecutive cases with the same clients and members use the same engine, unless it still has wants
    if (of !== `${clients} ${members}` || figures.at(-1)?.cut === true) {
      of = `${clients} ${members}`
      served = undefined
      collect()
      served = createServed({ strategy, clients, members })
    }

    collect()

    if (served != null) {
      // not cut off: wants that were left would be served in the measured run
      served.run(Math.min(wants, WARM_UP), Math.ceil(WARM_UP / wants), Infinity)
      figures.push(served.run(wants, Math.ceil(LEAST / wants), Math.max(MOST, MOST_A_MILLION * wants / 1e6)))
    }
  }

  served = undefined
  collect()

  return { strategy: name, figures, down: downRun(strategy) }
}

/** Alternates between the two, so that a machine that is slow for a while is slow for both. */
function downRun (strategy: string): ServedRun['down'] {
  const { clients, members, wants } = DOWN_CASE
  const turns = 7
  const engines = [0, DOWN].map(down => createServed({ strategy, clients, members, down }))
  const figures = engines.map((): ServedFigure[] => [])

  for (let i = 0; i < turns; i++) {
    engines.forEach((engine, which) => { figures[which].push(engine.run(wants, 10, MOST)) })
  }

  const [without, withDown] = figures.map(runs => [...runs].sort((a, b) => a.cpu - b.cpu)[turns >> 1])

  return { without, with: withDown }
}
