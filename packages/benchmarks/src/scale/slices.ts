import { MESSAGE } from './grid.ts'
import { createRig } from './rig.ts'
import { createWants } from './wants.ts'
import type { Ask, Rig } from './rig.ts'

/** Cases in which the work of one call might be all there is. */
export type SliceCase = 'backlogged' | 'returns' | 'lacking' | 'flood'

/** The most rankings that a flush may make. */
export const MOST_PICKS = 2_000

/** What the calls of one kind cost, of one case. */
export interface SliceFigure {
  readonly case: SliceCase
  /** What was done. */
  readonly what: string
  /** How many of what it is about: wants, blocks, ticks. */
  readonly count: number
  /** CPU time of all calls into the engine, ms. */
  readonly ms: number
  /** CPU time of the longest call into the engine, ms. */
  readonly longest: number
  /** Most rankings in one call. */
  readonly picks: number
  /** Rankings in all. */
  readonly allPicks: number
  /** It took too long, and was ended. */
  readonly cut: boolean
}

export const SLICE_CASES: Readonly<Record<SliceCase, (strategy: string, size: number) => SliceFigure[]>> = {
  backlogged, returns, lacking, flood
}

export const SLICES_IN_WORDS: Readonly<Record<SliceCase, string>> = {
  backlogged: '1,000 clients whose wants wait for a member without capacity; blocks come one by one',
  returns: 'a million exhausted fetches; time passes, and then a member returns',
  lacking: 'a want that 100 members lack',
  flood: '1,000 clients × 1,000 wants × 100 members, put in before one flush'
}

// so that sizes are no limit
const LIMITS = { expectedBlock: 1024 }
// CPU time after which a case is ended, ms
const MOST_MS = 20_000

/** One member has said that it lacks all, the other one has all its places taken. */
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

  const setUp = createCalls('backlogged', 'all that leads there', rig)
  for (let client = 0; client < clients; client++) {
    for (let message = 0; message < 4; message++) {
      rig.message(`client-${client}`, wants(MESSAGE))
    }
  }
  untilQuiet(rig, setUp, answer)

  const calls = createCalls('backlogged', 'blocks, one at a time', rig)
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

/** Every want has been lacked by a member that is up; another one is down, and might have it. */
function returns (strategy: string, size: number): SliceFigure[] {
  const clients = 1_000
  const each = Math.ceil(1_000 * size)
  const rig = createRig({ strategy, members: 1, down: 1, limits: LIMITS })
  const wants = createWants()

  const first = createCalls('returns', 'wants that come, and are lacked', rig)
  for (let client = 0; client < clients && !first.over(); client++) {
    const entries = wants(each)
    first.time(() => { rig.message(`client-${client}`, entries) })
    untilQuiet(rig, first, rig.dontHave)
  }

  const ticks = createCalls('returns', 'ticks of 20 s, and what is asked again', rig)
  let count = 0
  for (const end = rig.now + 20_000; rig.now < end && !ticks.over(); count++) {
    rig.now = Math.max(rig.now + 1, Math.min(rig.deadline ?? end, end))
    ticks.time(() => { rig.tick() })
    untilQuiet(rig, ticks, rig.dontHave)
  }

  const back = createCalls('returns', 'the member is up, and lacks them too', rig)
  back.time(() => { rig.up('member-1') })
  untilQuiet(rig, back, rig.dontHave)

  return [first.figure(clients * each), ticks.figure(count), back.figure(clients * each)]
}

function lacking (strategy: string, size: number): SliceFigure[] {
  const rig = createRig({ strategy, members: 100, limits: LIMITS })
  const wants = createWants()
  const calls = createCalls('lacking', 'wants, one after the other', rig)
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

  const put = createCalls('flood', 'wants put in', rig)
  for (let client = 0; client < clients; client++) {
    const entries = wants(each)
    put.time(() => { rig.message(`client-${client}`, entries) })
  }
  const flushes = createCalls('flood', 'wants asked, until windows are full', rig)
  do {
    flushes.flush()
  } while (rig.dirty && !flushes.over())

  return [put.figure(clients * each), flushes.figure(rig.open)]
}

/** Flushes, and answers at once what is asked, until there is nothing to flush and nothing to answer. */
function untilQuiet (rig: Rig, calls: Calls, answer: (ask: Ask) => void): void {
  do {
    calls.flush()
    calls.time(() => { rig.answer(Infinity, answer) }, rig.open)
  } while ((rig.open > 0 || rig.dirty) && !calls.over())
}

interface Calls {
  /** `count` calls into the engine, by default one; where there are several, none of them is the longest. */
  time (call: () => void, count?: number): void
  flush (): void
  over (): boolean
  figure (count: number): SliceFigure
}

/** Counts what calls cost, and the rankings in them. */
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

/** CPU time of this thread, ms: what else the machine does is not counted, the collection of garbage on it is. */
function threadTime (): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
