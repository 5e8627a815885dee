import { encodeFrame } from '@kitsune/bitswap-codec'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { Uint8ArrayList } from 'uint8arraylist'
import { besideHonest } from '../src/attack/honest.ts'
import { seededBlocks } from '../src/blocks.ts'
import { startRelay } from '../src/relay.ts'
import { serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { delay } from '../src/until.ts'
import { wantEntry } from '../src/wire-peer.ts'
import type { Transport } from '../src/attack/flood.ts'
import type { Relay, RelayInit } from '../src/relay.ts'
import type { WirePeer, WirePeerInit } from '../src/wire-peer.ts'

const KIB = 1024
const MIB = 1024 * KIB
const BITSWAP = '/ipfs/bitswap/1.2.0'

/** The bandwidth of the slow line, bytes a second. */
const RATE = 200 * KIB

describe('a connection that breaks beside another of the same peer', function () {
  this.timeout(90_000)

  const peers = stack()

  afterEach(async () => {
    await peers.stop()
  })

  interface Wanting {
    readonly client: WirePeer
    readonly relay: Relay
    all (timeout: number): Promise<void>
    /** Runs while another client wants one thing after another, and loses nothing. */
    besideHonest (run: () => Promise<void>): Promise<void>
  }

  /** Makes a client with two connections: a direct one, and a newer one through a slow line, on which it wants blocks. */
  async function wanting (init: WirePeerInit, count: number, size: number, line: RelayInit, broken: Transport = 'tcp'): Promise<Wanting> {
    const blocks = await seededBlocks(count, size, 'broken')
    const served = [...blocks]
    const downstream = await peers.wire({ listen: ['tcp'], keeps: false, onMessage: serveBlocks(served) })
    const balancer = await peers.balancer({ downstreams: downstream.addresses })
    const relay = await startRelay(balancer[broken], line)
    peers.onStop(relay.stop)
    const client = await peers.wire(init)
    await client.connect(balancer[broken === 'tcp' ? 'ws' : 'tcp'])
    const slow = await client.host.dial(multiaddr(relay.address), { force: true })
    const stream = await slow.newStream(BITSWAP)
    stream.send(new Uint8ArrayList(...encodeFrame({ wants: blocks.map(({ cid }) => wantEntry(cid)) }, BITSWAP)))

    return {
      client,
      relay,
      async all (timeout) {
        await client.until(() => client.blocks.size === count, `${count} blocks`, timeout)
      },
      async besideHonest (run) {
        await besideHonest(balancer[broken], 'beside a connection that breaks', block => served.push(block), run)
      }
    }
  }

  // over mplex, as much is on its way as sockets and lines hold; over yamux, a window
  for (const muxer of ['mplex', 'yamux'] as const) {
    for (const broken of ['tcp', 'ws'] as const) {
      it(`loses none of 64 blocks of 256 KiB that were on their way, over ${muxer} and ${broken}, and nor does another client`, async () => {
        const { client, relay, all, besideHonest } = await wanting({ muxer }, 64, 256 * KIB, { rate: RATE }, broken)
        await besideHonest(async () => {
          await delay(2_000)
          relay.reset()
          expect(client.blocks.size).to.be.lessThan(10)
          await all(30_000)
        })
      })
    }

    it(`loses none of 32 blocks of 2 MiB that were on their way, over ${muxer}`, async () => {
      const { client, relay, all } = await wanting({ muxer }, 32, 2 * MIB, { rate: RATE })
      await delay(2_000)
      relay.reset()
      expect(client.blocks.size).to.be.lessThan(2)
      await all(45_000)
    })
  }

  it('loses none that were still on their way when its stream had been idle for 4.9 s', async () => {
    const { client, relay, all } = await wanting({ muxer: 'mplex' }, 12, 256 * KIB, { rate: RATE })
    await delay(4_900)
    expect(client.blocks.size).to.be.lessThan(10)
    relay.reset()
    await all(30_000)
  })

  it('loses none that were still on their way when its stream had been idle, and was closed', async () => {
    const { client, relay, all } = await wanting({ muxer: 'mplex' }, 12, 256 * KIB, { rate: RATE })
    await delay(8_000)
    expect(client.blocks.size).to.be.lessThan(10)
    relay.reset()
    await all(30_000)
  })
})
