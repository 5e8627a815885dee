import { expect } from 'aegir/chai'
import { FLOODS } from '../src/attack/floods.ts'
import { createHolder } from '../src/attack/holder.ts'
import { createHonestClient } from '../src/attack/honest.ts'
import { startProbedBalancer } from '../src/attack/probed-balancer.ts'
import { startAttacker } from '../src/attack/start-attacker.ts'
import { seededBlocks } from '../src/blocks.ts'
import { FULL } from '../src/full.ts'
import { residentBytes, resetPeak } from '../src/memory.ts'
import { poll } from '../src/until.ts'
import { createWirePeer } from '../src/wire-peer.ts'
import type { AttackInit } from '../src/attack/attacker.ts'
import type { FloodKind } from '../src/attack/floods.ts'
import type { HonestClient } from '../src/attack/honest.ts'
import type { ProbedBalancer } from '../src/attack/probed-balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { WirePeer } from '../src/wire-peer.ts'

const MiB = 1 << 20
const DURATION = FULL ? 10_000 : 1_500
const REPETITIONS = FULL ? 5 : 1
/** What may be resident beyond what was before, while a flood goes on. What is decrypted and thrown away is collected late or early; to keep it would take gigabytes. */
const GROWTH = 160 * MiB
/** Beside it, what a process holds at one time and not at another: it is some percent of a heap of 30 MiB. */
const SLACK = 4 * MiB

describe('a balancer that is flooded', function () {
  this.timeout(FULL ? 300_000 : 120_000)

  let member: WirePeer
  let balancer: ProbedBalancer
  let honest: HonestClient
  let large: TestBlock[]
  let died = false

  before(async function () {
    if (residentBytes(process.pid) == null) {
      console.warn('skipped, since this system has no /proc: the memory that floods cost') // eslint-disable-line no-console
      this.skip()
    }

    large = await seededBlocks(25, MiB, 'for slow readers')
    const { hold, onMessage } = createHolder(large)
    member = await createWirePeer({ listen: ['tcp'], keeps: false, onMessage })
    balancer = await startProbedBalancer({ downstreams: member.addresses })
    void balancer.exited.then(() => { died = true })
    await poll(balancer.ready, 'the balancer to be ready')
    honest = await createHonestClient(balancer.tcp, 'beside floods', hold)
    // what the first wants cost for good is not what floods cost
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

  const held = async (): Promise<number> => {
    const { heap, external } = await balancer.look({ collected: true })

    return heap + external
  }

  const flood = async ({ name }: FloodKind): Promise<number> => {
    const { tcp, ws, peerId } = balancer
    const init: AttackInit = { name, tcp, ws, peerId, duration: DURATION, most: 1_000 * MiB, wants: large.map(({ cid }) => cid.toString()) }
    const attacker = await startAttacker(init)

    try {
      const { lost } = await honest.measure(DURATION)
      expect(lost, 'wants of the honest client').to.equal(0)

      return await attacker.done()
    } finally {
      await attacker.stop()
    }
  }

  const growth = async (kind: FloodKind): Promise<{ grown: number, resident: number }> => {
    const before = residentBytes(balancer.pid)?.now ?? 0
    resetPeak(balancer.pid)
    expect(await flood(kind), 'what was sent').to.be.above(0)
    const { now, peak } = residentBytes(balancer.pid) ?? { now: Infinity, peak: Infinity }

    return { grown: peak - before, resident: now }
  }

  it('has had its first flood, for which the heap grows once', async () => {
    await growth(FLOODS[0])
  })

  const expectBounded = async (kind: FloodKind): Promise<void> => {
    const before = await held()
    const resident: number[] = []

    for (let i = 0; i < REPETITIONS; i++) {
      const after = await growth(kind)
      resident.push(after.resident)
      expect(after.grown / MiB).to.be.below((GROWTH + (kind.holds ?? 0)) / MiB)
    }

    await poll(async () => await held() <= before * 1.25 + SLACK, `what is held to be within a quarter of ${Math.round(before / MiB)} MiB`, { timeout: 20_000, interval: 500 })

    if (REPETITIONS >= 5) {
      expect(resident[4] / resident[1]).to.be.at.most(1.1)
    }
  }

  for (const kind of FLOODS) {
    it(`serves an honest client and returns its memory: ${kind.name}`, async () => { await expectBounded(kind) })
  }
})
