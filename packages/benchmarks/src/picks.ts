import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parseStrategy } from '@kitsune/want-router'
import { fakeEnv, fakeMember, fakeOutcome, fakeWant } from '@kitsune/want-router/testing'
import { median } from './statistics.ts'
import { table } from './table.ts'
import { timings } from './timing.ts'
import type { Member, Strategy, Want } from '@kitsune/want-router'

/** The cost of finding the first member of a ranking. */
export interface PickFigure {
  /** As it is written in configurations. */
  strategy: string
  members: number
  /** CPU time, ns. */
  ns: number
  /** Garbage, bytes. */
  bytes: number
}

/** Every strategy, and decorators in their most common use. */
export const PICKED: readonly string[] = [
  'round-robin',
  'random',
  'least-loaded',
  'peak-ewma',
  'hot-cold',
  'rendezvous',
  'maglev',
  'bounded-load(rendezvous)',
  'presence(rendezvous)',
  'presence(peak-ewma)',
  'sticky(round-robin)',
  'tiers(rendezvous)',
  'bounded-load(presence(rendezvous))',
  'bounded-load(presence(peak-ewma))',
  'tiers(bounded-load(presence(sticky(round-robin))))'
]

const MEMBERS = [10, 100]
const WANTS = 1024

/**
 * The cost of a pick, as the engine does it: only the first member of a ranking
 * is pulled. Members have something in flight, some more than a bound allows, and
 * have answered in different times; one in ten misses blocks that the others have. All
 * strategies are used in one process before any is measured, so that no call is
 * compiled for one of them alone.
 */
export function pickFigures (init: { quick?: boolean } = {}): PickFigure[] {
  const options = init.quick === true ? { samples: 5, sampleTime: 10 } : { samples: 15, sampleTime: 50 }
  const wants = Array.from({ length: WANTS }, (_, i) => fakeWant(i, { client: `peer-${i % 100}` }))
  const subjects = PICKED.flatMap(strategy => MEMBERS.map(members => ({ strategy, members, pick: picker(started(strategy, members), wants) })))

  for (const { pick } of subjects) {
    for (let i = 0; i < 20 * WANTS; i++) {
      pick()
    }
  }

  return subjects.map(({ strategy, members, pick }) => ({
    strategy,
    members,
    ns: timings({ pick }, options).pick * 1000,
    bytes: garbage(pick)
  }))
}

function started (text: string, count: number): Strategy {
  const strategy = parseStrategy(text)(fakeEnv(1, performance))
  const members = Array.from({ length: count }, (_, i) => fakeMember(`member-${i}`, { load: { wants: i * 7 % 11, bytes: i * 7 % 11 << 18 } }))
  strategy.update(members)

  for (const [i, { id }] of members.entries()) {
    strategy.observe?.(fakeOutcome(id, { ms: 10 + i % 7 }))
  }

  for (let i = 0; i < 100; i++) {
    const want = fakeWant(i, { said: id => id.endsWith('3') ? 'dont-have' : undefined })
    strategy.observe?.(fakeOutcome('member-1', { want, ms: 10 }))
  }

  return strategy
}

function picker (strategy: Strategy, wants: readonly Want[]): () => Member {
  let next = 0

  return () => {
    const [first] = strategy.rank(wants[next++ % WANTS])

    return first
  }
}

const PICKS = 1000

/** Bytes that a call leaves behind: the growth of the heap without garbage collection. */
function garbage (call: () => unknown): number {
  setFlagsFromString('--expose-gc')
  const collect: (options: { type: 'minor' }) => void = runInNewContext('gc')
  const grown: number[] = []

  for (let sample = 0; sample < 9; sample++) {
    collect({ type: 'minor' })
    const before = process.memoryUsage().heapUsed

    for (let i = 0; i < PICKS; i++) {
      call()
    }

    grown.push(process.memoryUsage().heapUsed - before)
  }

  // the measurement itself costs less than a byte a call
  return median(grown) / PICKS
}

/** The figures as a table of text, a row for each strategy. */
export function printPicks (figures: readonly PickFigure[]): string {
  const cell = (strategy: string, members: number): string[] => {
    const figure = figures.find(figure => figure.strategy === strategy && figure.members === members)

    return [figure?.ns.toFixed(0) ?? '', figure?.bytes.toFixed(0) ?? '']
  }

  return table(
    ['a pick', ...MEMBERS.flatMap(members => [`ns of ${members} members`, 'bytes'])],
    PICKED.map(strategy => [strategy, ...MEMBERS.flatMap(members => cell(strategy, members))])
  ).join('\n')
}
