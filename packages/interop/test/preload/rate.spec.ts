import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { preload } from '@kitsune/preload/client'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { createHeliaLight } from 'helia'
import { createDag, seededBytes } from '../../src/dag.ts'
import { needKubo } from '../../src/needs.ts'
import { recordPreload } from '../../src/preload-results.ts'
import { stack } from '../../src/stack.ts'
import { describeFull } from '../support/describe-full.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { Kubo } from '../../src/kubo.ts'
import type { PreloadingNode } from '@kitsune/preload/client'

const SIZE = 2 ** 30
const PAIRS = 3
/** Of the rate at which a kubo pins from the same client without us. */
const LEAST_RATES = { Helia: 0.8, kubo: 0.6 }

describeFull(`preload of ${SIZE >> 20} MiB, beside a pin from the same client`, function () {
  this.timeout(900_000)

  let binary: string
  const peers = stack(() => binary)

  before(function () {
    binary = needKubo(this, 'preload beside a pin')
  })

  afterEach(async () => {
    await peers.stop()
  })

  const seconds = async (act: () => Promise<unknown>): Promise<number> => {
    const start = performance.now()
    await act()
    return (performance.now() - start) / 1000
  }

  /** Measures both ways in turn, each with a new node; returns the median of the ratios of their rates. */
  const compare = async (pin: (node: Kubo) => Promise<void>, leave: (balancer: Balancer) => Promise<void>): Promise<{ ratio: number, rates: string }> => {
    const pairs: Array<{ pinned: number, left: number }> = []

    for (let i = 0; i < PAIRS; i++) {
      const [direct, behind] = [await peers.kubo(), await peers.kubo()]
      const balancer = await peers.balancer({ downstreams: [behind.url], args: ['-p', '127.0.0.1:0'] })
      pairs.push({ pinned: await seconds(async () => pin(direct)), left: await seconds(async () => leave(balancer)) })
      await Promise.all([direct.stop(), behind.stop(), balancer.stop()])
    }
    pairs.sort((a, b) => a.pinned / a.left - b.pinned / b.left)
    const { pinned, left } = pairs[PAIRS >> 1]
    const rate = (time: number): string => (SIZE / 1e6 / time).toFixed(1)

    return { ratio: pinned / left, rates: `${rate(left)} MB/s, and ${rate(pinned)} MB/s by a pin of a kubo without us: ${(pinned / left).toFixed(2)}` }
  }

  const judge = (client: keyof typeof LEAST_RATES, { ratio, rates }: { readonly ratio: number, readonly rates: string }): void => {
    recordPreload([{ what: `preload of 1 GiB from ${client}`, value: rates }])
    expect(ratio, rates).to.be.at.least(LEAST_RATES[client])
  }

  it('is as fast from Helia', async () => {
    const helia = withBitswap(withLibp2pLight(createHeliaLight(), {
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp(), webSockets()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify() }
    }))
    await helia.start()
    peers.onStop(async () => helia.stop())
    const cid = await unixfs(helia).addByteStream(seededBytes(SIZE, 'rate'))
    const [address] = helia.libp2p.getMultiaddrs().map(String)

    judge('Helia', await compare(async node => {
      await node.connect(address)
      await node.pin(`${cid}`, { signal: AbortSignal.timeout(240_000) })
    }, async balancer => {
      const { safe, total } = await preload(helia as never as PreloadingNode, cid, { nodes: [{ url: balancer.preload, address: multiaddr(balancer.ws) }] })
      expect(safe).to.equal(total)
    }))
  })

  it('is nearly as fast from a kubo', async () => {
    const dag = await createDag(binary, { size: SIZE, blockSize: 256 << 10, seed: 'rate' })
    const client = await peers.kubo({ dag })

    judge('kubo', await compare(async node => {
      await node.connect(client.tcp)
      await node.pin(dag.root, { signal: AbortSignal.timeout(240_000) })
    }, async balancer => {
      await client.connect(balancer.ws)
      const response = await fetch(`${balancer.preload}/api/v0/refs?r=true&u=true&arg=${dag.root}&peer=${client.peerId}`, { method: 'POST' })
      expect(response.status).to.equal(200)
      await response.text()
    }))
  })
})
