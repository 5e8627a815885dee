import { MESSAGE } from './grid.ts'
import { createRig } from './rig.ts'
import { createWants } from './wants.ts'
import type { Ask } from './asks.ts'
import type { Rig } from './rig.ts'

/** Cases in which a single call could do an unbounded amount of work. */
export type SliceCase = 'backlogged' | 'returns' | 'missing' | 'flood'

/** How many rankings a flush may ask for. */
export const MOST_PICKS = 2_000

/** What one phase of a case cost. */
export interface SliceFigure {
  readonly case: SliceCase
  /** What happened in it. */
  readonly what: string
  /** How many wants, blocks or ticks there were. */
  readonly count: number
  /** CPU time of all calls into the engine, ms. */
  readonly ms: number
  /** CPU time of the longest call into the engine, ms. */
  readonly longest: number
  /** Most rankings in one call of the engine. */
  readonly picks: number
  /** Rankings in all. */
  readonly allPicks: number
  /** The phase exceeded its time and was ended. */
  readonly cut: boolean
}

/** How each case is measured. */
export const SLICE_CASES: Readonly<Record<SliceCase, (strategy: string, size: number) => SliceFigure[]>> = {
  backlogged, returns, missing, flood
}

/** What happens in each case, for the report. */
export const SLICES_IN_WORDS: Readonly<Record<SliceCase, string>> = {
  backlogged: '1,000 clients whose fetches wait for a member without capacity',
  returns: 'a million exhausted fetches, and a member that returns',
  missing: 'a want that 100 members do not have',
  flood: '1,000 clients × 1,000 wants × 100 members, before the first flush'
}

// windows of bytes are no limit for blocks that are known to be small
const LIMITS = { expectedBlock: 1024 }
// CPU time after which a phase is ended, ms
const MOST_MS = 20_000

/** One member has answered DONT_HAVE to every want, the other one has no capacity left. */
function backlogged (strategy: string, size: number): SliceFigure[] {
  const clients = Math.ceil(1_000 * size)
  const rig = createRig({ strategy, members: 2, limits: LIMITS })
  const wants = createWants()
  const owed: Ask[] = []

  const answer = (ask: Ask): void => {
    if (ask.member === 'member-0') {
      rig.dontHave(ask)
    } else {
      owed.push(ask)
    }
  }

  const setUp = createCalls('backlogged', 'preparation', rig)

  for (let client = 0; client < clients; client++) {
    for (let message = 0; message < 4; message++) {
      rig.message(`client-${client}`, wants(MESSAGE))
    }
  }

  untilQuiet(rig, setUp, answer)

  const calls = createCalls('backlogged', 'blocks arrive, one per flush', rig)
  let blocks = 0

  while (blocks < 200 && owed.length > 0 && !calls.over()) {
    const ask = owed.shift() as Ask
    calls.time(() => { rig.block(ask) })
    calls.flush()
    rig.take()
    rig.answer(Infinity, answer)
    blocks++
  }

  return [calls.figure(blocks)]
}

/** The member that is up has answered DONT_HAVE to every want; the other one is down. */
function returns (strategy: string, size: number): SliceFigure[] {
  const clients = 1_000
  const each = Math.ceil(1_000 * size)
  const rig = createRig({ strategy, members: 1, down: 1, limits: LIMITS })
  const wants = createWants()

  const first = createCalls('returns', 'wants arrive; the answer is DONT_HAVE', rig)

  for (let client = 0; client < clients && !first.over(); client++) {
    const entries = wants(each)
    first.time(() => { rig.message(`client-${client}`, entries) })
    untilQuiet(rig, first, rig.dontHave)
  }

  const ticks = createCalls('returns', '20 s pass; wants are asked again', rig)
  let count = 0

  for (const end = rig.now + 20_000; rig.now < end && !ticks.over(); count++) {
    rig.now = Math.max(rig.now + 1, Math.min(rig.deadline ?? end, end))
    ticks.time(() => { rig.tick() })
    untilQuiet(rig, ticks, rig.dontHave)
  }

  const back = createCalls('returns', 'the member is up, and answers DONT_HAVE', rig)
  back.time(() => { rig.up('member-1') })
  untilQuiet(rig, back, rig.dontHave)

  return [first.figure(clients * each), ticks.figure(count), back.figure(clients * each)]
}

function missing (strategy: string, size: number): SliceFigure[] {
  const rig = createRig({ strategy, members: 100, limits: LIMITS })
  const wants = createWants()
  const calls = createCalls('missing', 'wants, one after the other', rig)
  const count = Math.ceil(200 * size)

  for (let i = 0; i < count; i++) {
    const entries = wants(1)
    calls.time(() => { rig.message('client', entries) })
    untilQuiet(rig, calls, rig.dontHave)
  }

  return [calls.figure(count)]
}

function flood (strategy: string, size: number): SliceFigure[] {
  const clients = 1_000
  const each = Math.ceil(1_000 * size)
  const rig = createRig({ strategy, members: 100, limits: LIMITS })
  const wants = createWants()

  const put = createCalls('flood', 'wants arrive', rig)

  for (let client = 0; client < clients; client++) {
    const entries = wants(each)
    put.time(() => { rig.message(`client-${client}`, entries) })
  }

  const flushes = createCalls('flood', 'wants are asked until windows are full', rig)

  do {
    flushes.flush()
  } while (rig.dirty && !flushes.over())

  return [put.figure(clients * each), flushes.figure(rig.open)]
}

/** Flushes and answers until the engine asks for nothing more. */
function untilQuiet (rig: Rig, calls: Calls, answer: (ask: Ask) => void): void {
  do {
    calls.flush()
    calls.time(() => { rig.answer(Infinity, answer) }, rig.open)
  } while ((rig.open > 0 || rig.dirty) && !calls.over())
}

interface Calls {
  /** Measures `count` calls of the engine, by default one. Only single calls can be the longest. */
  time (call: () => void, count?: number): void
  flush (): void
  over (): boolean
  figure (count: number): SliceFigure
}

/** Measures the calls of one phase. */
function createCalls (name: SliceCase, what: string, rig: Rig): Calls {
  let ms = 0
  let longest = 0
  let most = 0
  let allPicks = 0

  function time (call: () => void, count = 1): void {
    const before = rig.picks
    const from = threadTime()
    call()
    const took = threadTime() - from
    const picks = rig.picks - before
    ms += took
    allPicks += picks

    if (count === 1) {
      longest = Math.max(longest, took)
      most = Math.max(most, picks)
    }
  }

  return {
    time,
    flush: () => { time(rig.flush) },
    over: () => ms > MOST_MS,
    figure: count => ({ case: name, what, count, ms, longest, picks: most, allPicks, cut: ms > MOST_MS })
  }
}

/** CPU time of this thread, ms. */
function threadTime (): number {
  const { user, system } = process.threadCpuUsage()

  return (user + system) / 1000
}
