import { expect } from 'aegir/chai'
import { seededBlocks } from '../src/blocks.ts'
import { memberMetric, membersUp } from '../src/member-metrics.ts'
import { honest, serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { delay } from '../src/until.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Received } from '../src/wire-inbox.ts'
import type { WirePeer } from '../src/wire-peer.ts'

const MEMBERS = ['a', 'b', 'c', 'd']

/** A member that holds its answers back while it is told to. */
interface HoldingBack { answer (received: Received, self: WirePeer): void, hold (): void, release (): void, readonly held: number }

function holdingBack (blocks: readonly TestBlock[]): HoldingBack {
  const serve = serveBlocks(blocks, honest)
  let holding = false
  let held: Array<() => void> = []

  return {
    answer (received, self) {
      if (holding) {
        held.push(() => { serve(received, self) })
      } else {
        serve(received, self)
      }
    },
    hold () { holding = true },
    release () {
      holding = false
      held.splice(0).forEach(answer => { answer() })
      held = []
    },
    get held () { return held.length }
  }
}

describe('a balancer that stands still', function () {
  this.timeout(60_000)

  const peers = stack()

  afterEach(async () => {
    await peers.stop()
  })

  for (const [ms, size] of [[1_200, 2_000], [5_000, 2_000], [5_000, 500_000]] as const) {
    it(`for ${ms / 1000} s penalizes no member whose answers came meanwhile, blocks of ${size} bytes`, async () => {
      const [known, wanted] = [await seededBlocks(80, 2_000, 'known'), await seededBlocks(80, size, 'wanted')]
      const members = MEMBERS.map(() => holdingBack([...known, ...wanted]))
      const wires = await Promise.all(members.map(async ({ answer }) => peers.wire({ listen: ['tcp'], onMessage: answer })))
      const balancer = await peers.balancer({
        downstreams: wires.map(({ addresses }, i) => `${addresses[0]};name=${MEMBERS[i]}`),
        args: ['--strategy', 'round-robin']
      })
      await membersUp(balancer, MEMBERS)
      const client = await peers.wire()
      await client.connect(balancer.tcp)
      // from now on each is known to answer within milliseconds
      await client.fetch(balancer.peerId, known.map(({ cid }) => cid))

      members.forEach(member => { member.hold() })
      await client.want(balancer.peerId, wanted.map(({ cid }) => cid))
      await Promise.all(wires.map(async (wire, i) => wire.until(() => members[i].held > 0, 'its wants')))
      balancer.signal('SIGSTOP')
      members.forEach(member => { member.release() })
      await delay(ms)
      balancer.signal('SIGCONT')

      await client.until(() => wanted.every(({ cid }) => client.blocks.has(cid.toString())), 'the wanted blocks', 20_000)

      for (const charge of ['ejections_total', 'timeouts_total', 'failures_total']) {
        expect(await memberMetric(balancer, charge, MEMBERS), charge).to.deep.equal([0, 0, 0, 0])
      }
    })
  }
})
