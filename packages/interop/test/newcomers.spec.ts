import { expect } from 'aegir/chai'
import { openSocket, rawConnection } from '../src/attack/raw.ts'
import { seededBlock } from '../src/blocks.ts'
import { serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import { expectReturned, expectSlices, held } from './support/bounds.ts'
import type { Transport } from '../src/attack/flood.ts'
import type { ProbedBalancer } from '../src/attack/probed-balancer.ts'
import type { Balancer } from '../src/balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { WirePeer } from '../src/wire-peer.ts'

/** More sockets during a handshake than are kept, and than libp2p itself would keep. */
const SILENT = 2 * 1_024 + 52
/** This many more come every tenth of a second. */
const MORE = 20
const NEWCOMERS = 58
/** Clients that came before the places were taken. */
const EARLIER = 5
const PLACES = 60
/** How long a newcomer may wait for its first block, ms. */
const SOON = 5_000
/** Not the address of the newcomers. */
const STRANGER = '127.0.0.2'

const TRANSPORTS = ['tcp', 'ws'] as const

describe('newcomers, while all places are taken', function () {
  this.timeout(120_000)

  let block: TestBlock
  let member: WirePeer
  const peers = stack()

  beforeEach(async () => {
    block = await seededBlock(1_000, 'for newcomers')
    member = await peers.wire({ listen: ['tcp'], keeps: false, onMessage: serveBlocks([block]) })
  })

  afterEach(async () => {
    await giveBack()
    await peers.stop()
  })

  /** How long a newcomer waits for its first block, ms. */
  const serve = async (balancer: Balancer, transport: Transport): Promise<number> => {
    const client = await peers.wire()
    const begin = performance.now()
    await client.connect(balancer[transport])
    await client.fetch(balancer.peerId, [block.cid], SOON)

    return performance.now() - begin
  }

  /** What those who take the places have opened. */
  let taken: Array<() => unknown> = []

  /** With what it holds when it has served some. */
  const balancerWith = async (transport: Transport, ...args: string[]): Promise<{ balancer: ProbedBalancer, before: number }> => {
    const balancer = await peers.probed({ downstreams: member.addresses, args })

    for (let i = 0; i < EARLIER; i++) {
      await serve(balancer, transport)
    }

    return { balancer, before: await held(balancer) }
  }

  const giveBack = async (): Promise<void> => {
    await Promise.all(taken.map(async stop => stop()))
    taken = []
  }

  const silence = async (balancer: Balancer, transport: Transport, count: number): Promise<void> => {
    await Promise.all(Array.from({ length: count }, async () => {
      const { stop } = await openSocket(balancer[transport], transport, STRANGER)
      taken.push(stop)
    }))
  }

  TRANSPORTS.forEach(transport => {
    it(`are all served beside silent sockets of another address, of which two hundred more come every second, over ${transport}`, async () => {
      // this tests the places, not how many may come from one address in a second
      const { balancer, before } = await balancerWith(transport, '--max-new-connections', '5000')

      for (let count = 0; count < SILENT; count += 100) {
        await silence(balancer, transport, 100)
      }

      const state = { over: false }
      const more = (async () => {
        while (!state.over) {
          await Promise.all([silence(balancer, transport, MORE), new Promise(resolve => { setTimeout(resolve, 100) })])
        }
      })()
      const served = await Promise.all(Array.from({ length: NEWCOMERS }, async () => serve(balancer, transport)))
      state.over = true
      await more

      expect(served).to.have.lengthOf(NEWCOMERS)
      expect(await balancer.metric('kitsune_router_clients')).to.equal(EARLIER + NEWCOMERS)
      await expectSlices(balancer)
      await giveBack()
      await expectReturned(balancer, before)
    })

    it(`are served within five seconds while identities that want nothing use all connections, over ${transport}`, async () => {
      const { balancer, before } = await balancerWith(transport, '--max-connections', String(PLACES))
      await Promise.all(Array.from({ length: PLACES }, async () => {
        const { stop } = await rawConnection(balancer[transport])
        taken.push(stop)
      }))
      await poll(async () => await balancer.metric('kitsune_balancer_connections') === PLACES, 'all connections to be taken')

      for (let i = 0; i < 5; i++) {
        expect(await serve(balancer, transport)).to.be.below(SOON)
      }

      expect(await balancer.metric('kitsune_balancer_connections')).to.be.at.most(PLACES)
      await expectSlices(balancer)
      await giveBack()
      await expectReturned(balancer, before)
    })
  })
})
