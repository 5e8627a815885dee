import { DEFAULT_WORK_SHARES } from '@kitsune/host'
import { DEFAULT_LIMITS, DEFAULT_NETWORK_LIMITS } from '@kitsune/want-router'
import { expect } from 'aegir/chai'
import { delay, poll } from '../../src/until.ts'
import type { ProbedBalancer } from '../../src/attack/probed-balancer.ts'
import type { Work } from '../../src/attack/work.ts'
import type { Balancer } from '../../src/balancer.ts'

const MiB = 1 << 20
/** The most that the last piece of a connection's work in a pass weighs: 128 KiB of what was read, in as many pieces as frames come in, and the frame itself. */
const PIECE = 512
/** For how many fetches a flush ranks the members at most: the next flush goes on. */
const MOST_RANKINGS = 2_000
/** How many wants a client may send in a pass of the event loop, and again in its turn at the end of that pass: the last message may exceed it. */
const MOST_WANTS = 2 * (DEFAULT_NETWORK_LIMITS.itemsPerPass + DEFAULT_LIMITS.wantsPerClient)
/** How much the memory of a process varies: some percent of a heap of 30 MiB. */
const SLACK = 4 * MiB
/** Between two looks at what is held: at least this, ms, and so many times as long as the last one took, since it collects and stops the balancer. */
const MIN_PAUSE = 50
const PAUSES = 3

/** Expects that each connection, and all together, had no more than their share of a pass of the event loop. */
function expectShares ({ connection, all }: Work): void {
  const { weight, time, total } = DEFAULT_WORK_SHARES
  expect(connection, 'work for one connection in a pass').to.be.at.most(weight + PIECE)
  expect(all, 'work for all in a pass').to.be.at.most(weight * total / time + weight + PIECE)
}

/** What a balancer holds without its garbage, bytes. */
export async function held (balancer: ProbedBalancer): Promise<number> {
  const { heap, external, work } = await balancer.look({ collected: true })
  expectShares(work)

  return heap + external
}

/**
 * How much more a balancer holds at any time while a task runs than before, bytes. Garbage does not count: how much there is
 * follows from when it is collected, and so from what else the machine does.
 */
export async function mostHeld (balancer: ProbedBalancer, task: () => Promise<unknown>): Promise<number> {
  const before = await balancer.held()
  const state = { over: false }
  const running = task().finally(() => { state.over = true })
  // it is awaited below
  running.catch(() => {})
  let most = before

  while (!state.over) {
    const begin = performance.now()
    most = Math.max(most, await balancer.held())
    await delay(Math.max(MIN_PAUSE, PAUSES * (performance.now() - begin)))
  }

  await running

  return most - before
}

/** Since the last look no connection had more than its share of a pass of the event loop, and the router decided in slices, however much clients wanted. Returns the work that was done. */
export async function expectSlices (balancer: ProbedBalancer): Promise<Work> {
  const { work } = await balancer.look()
  expectShares(work)
  const { rankings, wants } = await balancer.peaks()
  expect(rankings, 'rankings of members in one flush').to.be.within(1, MOST_RANKINGS)
  expect(wants, 'wants of one client between two flushes').to.be.within(1, MOST_WANTS)

  return work
}

/** What a balancer holds comes back to within a quarter of what it was. */
export async function expectReturned (balancer: ProbedBalancer, before: number): Promise<void> {
  await poll(async () => await held(balancer) <= before * 1.25 + SLACK, `what is held to be within a quarter of ${Math.round(before / MiB)} MiB`, { timeout: 20_000, interval: 500 })
}

/** These gauges of a balancer come back to 0 within this time, ms; if not, the error says what is left. */
export async function expectNothingLeft (balancer: Pick<Balancer, 'metric'>, gauges: readonly string[], timeout?: number): Promise<void> {
  await poll(async () => {
    const left = await Promise.all(gauges.map(async name => `${name} ${await balancer.metric(name)}`))
    expect(left).to.deep.equal(gauges.map(name => `${name} 0`)) // what is thrown is quoted when time is up

    return true
  }, 'nothing to be left', { timeout })
}
