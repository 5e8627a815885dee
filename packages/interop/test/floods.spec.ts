import { DEFAULT_WORK_SHARES } from '@kitsune/host'
import { DEFAULT_LIMITS, DEFAULT_NETWORK_LIMITS } from '@kitsune/want-router'
import { expect } from 'aegir/chai'
import { FLOODS, transportsOf } from '../src/attack/floods.ts'
import { createHolder } from '../src/attack/holder.ts'
import { createHonestClient } from '../src/attack/honest.ts'
import { startProbedBalancer } from '../src/attack/probed-balancer.ts'
import { startAttacker } from '../src/attack/start-attacker.ts'
import { seededBlocks } from '../src/blocks.ts'
import { FULL } from '../src/full.ts'
import { residentBytes } from '../src/memory.ts'
import { poll } from '../src/until.ts'
import { createWirePeer } from '../src/wire-peer.ts'
import type { AttackInit } from '../src/attack/attacker.ts'
import type { FloodKind, Transport } from '../src/attack/flood.ts'
import type { Holder } from '../src/attack/holder.ts'
import type { HonestClient } from '../src/attack/honest.ts'
import type { ProbedBalancer } from '../src/attack/probed-balancer.ts'
import type { Work } from '../src/attack/work.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { WirePeer } from '../src/wire-peer.ts'

const MiB = 1 << 20
const DURATION = FULL ? 10_000 : 1_500
const REPETITIONS = FULL ? 5 : 1
/** How much may be held because of a flood while it goes on, besides what its kind allows. */
const BOUND = 16 * MiB
/** The most that the last piece of a connection's work in a pass weighs: 128 KiB of what was read, in as many pieces as frames come in, and the frame itself. */
const PIECE = 512
/** For how many fetches a flush ranks the members at most: the next flush goes on. */
const MOST_RANKINGS = 2_000
/** How many wants a client may send in a pass of the event loop, and again in its turn at the end of that pass: the last message may exceed it. */
const MOST_WANTS = 2 * (DEFAULT_NETWORK_LIMITS.itemsPerPass + DEFAULT_LIMITS.wantsPerClient)
/** How much the memory of a process varies: some percent of a heap of 30 MiB. */
const SLACK = 4 * MiB

describe('a balancer that is flooded', function () {
  this.timeout(FULL ? 300_000 : 120_000)

  let member: WirePeer
  let balancer: ProbedBalancer
  let honest: HonestClient
  let large: TestBlock[]
  let hold: Holder['hold']
  let newcomers = 0
  let died = false

  before(async function () {
    if (residentBytes(process.pid) == null) {
      console.warn('skipped, since this system has no /proc: the memory that floods cost') // eslint-disable-line no-console
      this.skip()
    }

    large = await seededBlocks(25, MiB, 'for slow readers')
    const holder = createHolder(large)
    hold = holder.hold
    member = await createWirePeer({ listen: ['tcp'], keeps: false, onMessage: holder.onMessage })
    balancer = await startProbedBalancer({ downstreams: member.addresses })
    void balancer.exited.then(() => { died = true })
    await poll(balancer.ready, 'the balancer to be ready')
    honest = await createHonestClient(balancer.tcp, 'beside floods', hold)
    // the permanent cost of the first wants is not the cost of floods
    await honest.measure(1_000)
  })

  after(async () => {
    await honest.stop()
    await balancer.stop()
    await member.stop()
  })

  afterEach(() => {
    // a process that has died explains more than requests that fail
    expect(died, `the balancer has ended:\n${balancer.output.join('\n')}`).to.equal(false)
  })

  /** Expects that each connection, and all together, had no more than their share of a pass of the event loop. */
  const expectShares = ({ connection, all }: Work): void => {
    const { weight, time, total } = DEFAULT_WORK_SHARES
    expect(connection, 'work for one connection in a pass').to.be.at.most(weight + PIECE)
    expect(all, 'work for all in a pass').to.be.at.most(weight * total / time + weight + PIECE)
  }

  /** Expects that the router decides in slices, however much clients want. */
  const expectSlices = async (): Promise<void> => {
    const { rankings, wants } = await balancer.peaks()
    expect(rankings, 'rankings of members in one flush').to.be.within(1, MOST_RANKINGS)
    expect(wants, 'wants of one client between two flushes').to.be.within(1, MOST_WANTS)
  }

  const held = async (): Promise<number> => {
    const { heap, external, work } = await balancer.look({ collected: true })
    expectShares(work)

    return heap + external
  }

  /** Floods the balancer, and returns what its process holds meanwhile. */
  const flood = async ({ name }: FloodKind, transport: Transport): Promise<number> => {
    const init: AttackInit = { name, address: balancer[transport], transport, full: FULL, duration: DURATION, most: 1_000 * MiB, wants: large.map(({ cid }) => cid.toString()) }
    const attacker = await startAttacker(init)

    try {
      await balancer.look()
      const first = await honest.measure(DURATION / 2)
      const during = await held()
      const newcomer = await createHonestClient(balancer[transport], `newcomer ${newcomers++}`, hold)
      const [second, third] = await Promise.all([honest.measure(DURATION / 2), newcomer.measure(0)])
      await newcomer.stop()
      expect(first.lost + second.lost, 'wants of the honest client').to.equal(0)
      expect(third, 'wants of a newcomer').to.include({ lost: 0, count: 1 })
      const { work } = await balancer.look()
      expectShares(work)
      expect(work.connection, 'work that was counted').to.be.above(0)
      await expectSlices()
      expect(await attacker.done(), 'what was sent').to.be.above(0)

      return during
    } finally {
      await attacker.stop()
    }
  }

  it('has had its first flood, for which the heap grows once', async () => {
    await flood(FLOODS[0], 'tcp')
  })

  const expectBounded = async (kind: FloodKind, transport: Transport): Promise<void> => {
    const before = await held()
    const resident: number[] = []

    for (let i = 0; i < REPETITIONS; i++) {
      const during = await flood(kind, transport)
      resident.push(residentBytes(balancer.pid)?.now ?? Infinity)
      expect((during - before) / MiB, 'MiB that it causes').to.be.below((BOUND + (kind.holds ?? 0)) / MiB)
    }

    await poll(async () => await held() <= before * 1.25 + SLACK, `what is held to be within a quarter of ${Math.round(before / MiB)} MiB`, { timeout: 20_000, interval: 500 })

    if (REPETITIONS >= 5) {
      expect(resident[4] / resident[1]).to.be.at.most(1.1)
    }
  }

  for (const kind of FLOODS) {
    for (const transport of transportsOf(kind, FULL)) {
      it(`serves an honest client and a newcomer, and returns its memory: ${kind.name}, over ${transport}`, async () => { await expectBounded(kind, transport) })
    }
  }
})
