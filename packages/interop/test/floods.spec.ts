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
import { expectReturned, expectSlices, held } from './support/bounds.ts'
import type { AttackInit } from '../src/attack/attacker.ts'
import type { FloodKind, Transport } from '../src/attack/flood.ts'
import type { Holder } from '../src/attack/holder.ts'
import type { HonestClient } from '../src/attack/honest.ts'
import type { ProbedBalancer } from '../src/attack/probed-balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { WirePeer } from '../src/wire-peer.ts'

const MiB = 1 << 20
const DURATION = FULL ? 10_000 : 1_500
const REPETITIONS = FULL ? 5 : 1
/** How much may be held because of a flood while it goes on, besides what its kind allows. */
const BOUND = 16 * MiB

describe('a balancer that is flooded', function () {
  this.timeout(FULL ? 300_000 : 120_000)

  let member: WirePeer
  let balancer: ProbedBalancer
  let large: TestBlock[]
  let hold: Holder['hold']
  let clients = 0
  let died = false

  const newClient = async (transport: Transport): Promise<HonestClient> => createHonestClient(balancer[transport], `client ${clients++}`, hold)

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
    // the permanent cost of the first wants is not the cost of floods
    await Promise.all((['tcp', 'ws'] as const).map(async transport => {
      const honest = await newClient(transport)
      await honest.measure(1_000)
      await honest.stop()
    }))
  })

  after(async () => {
    await balancer.stop()
    await member.stop()
  })

  afterEach(() => {
    // a process that has died explains more than requests that fail
    expect(died, `the balancer has ended:\n${balancer.output.join('\n')}`).to.equal(false)
  })

  /** Floods the balancer beside an honest client, and returns what its process holds meanwhile. */
  const flood = async ({ name }: FloodKind, transport: Transport, honest: HonestClient): Promise<number> => {
    const init: AttackInit = { name, address: balancer[transport], transport, full: FULL, duration: DURATION, most: 1_000 * MiB, wants: large.map(({ cid }) => cid.toString()) }
    const attacker = await startAttacker(init)

    try {
      await balancer.look()
      const first = await honest.measure(DURATION / 2)
      const during = await held(balancer)
      const newcomer = await newClient(transport)
      const [second, third] = await Promise.all([honest.measure(DURATION / 2), newcomer.measure(0)])
      await newcomer.stop()
      expect(first.lost + second.lost, 'wants of the honest client').to.equal(0)
      expect(third, 'wants of a newcomer').to.include({ lost: 0, count: 1 })
      const work = await expectSlices(balancer)
      expect(work.connection, 'work that was counted').to.be.above(0)
      expect(await attacker.done(), 'what was sent').to.be.above(0)

      return during
    } finally {
      await attacker.stop()
    }
  }

  it('has had its first flood, for which the heap grows once', async () => {
    const honest = await newClient('tcp')
    await flood(FLOODS[0], 'tcp', honest)
    await honest.stop()
  })

  const expectBounded = async (kind: FloodKind, transport: Transport, honest: HonestClient): Promise<void> => {
    const before = await held(balancer)
    const resident: number[] = []

    for (let i = 0; i < REPETITIONS; i++) {
      const during = await flood(kind, transport, honest)
      resident.push(residentBytes(balancer.pid)?.now ?? Infinity)
      expect((during - before) / MiB, 'MiB that it causes').to.be.below((BOUND + (kind.holds ?? 0)) / MiB)
    }

    await expectReturned(balancer, before)

    if (REPETITIONS >= 5) {
      expect(resident[4] / resident[1]).to.be.at.most(1.1)
    }
  }

  // a usual run has one transport for each, in turns: both take minutes
  for (const [i, kind] of FLOODS.entries()) {
    for (const transport of transportsOf(kind, true).filter((_, at, { length }) => FULL || at === i % length)) {
      it(`serves an honest client and a newcomer, and returns its memory: ${kind.name}, over ${transport}`, async () => {
        // a client of its own: one that is idle while others flood may have to give way
        const honest = await newClient(transport)

        try {
          await expectBounded(kind, transport, honest)
        } finally {
          await honest.stop()
        }
      })
    }
  }
})
