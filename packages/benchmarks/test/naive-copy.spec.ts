import { createWirePeer, poll, seededBlock, serveBlocks } from '@kitsune/interop'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { startNaiveCopy } from '../src/naive-copy.ts'
import type { WirePeer } from '@kitsune/interop'
import type { Libp2p } from '@libp2p/interface'

describe('naive copy', () => {
  const stops: Array<() => void | Promise<void>> = []

  async function between (target: WirePeer): Promise<{ proxy: Libp2p, client: WirePeer }> {
    const proxy = await startNaiveCopy({ target: target.addresses.map(address => multiaddr(address)), listen: ['/ip4/127.0.0.1/tcp/0'] })
    stops.push(() => proxy.stop())
    const client = await createWirePeer()
    stops.push(() => client.stop())
    await client.connect(proxy.getMultiaddrs()[0].toString())

    return { proxy, client }
  }

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) {
      await stop()
    }
  })

  // larger than what a yamux window holds at first, so that copying has to wait
  for (const size of [100, 2 << 20]) {
    it(`copies a want to the target and a block of ${size} bytes back`, async () => {
      const block = await seededBlock(size, 'naive copy')
      const target = await createWirePeer({
        listen: ['tcp'],
        // each reply on its own stream, as kubo does
        streamPerMessage: true,
        onMessage: serveBlocks([block])
      })
      stops.push(() => target.stop())
      const { proxy, client } = await between(target)

      const [bytes] = await client.fetch(proxy.peerId.toString(), [block.cid])

      expect(bytes).to.equalBytes(block.bytes)
    })
  }

  it('leaves no stream open once both sides have finished', async () => {
    const target = await createWirePeer({ listen: ['tcp'] })
    stops.push(() => target.stop())
    const { proxy, client } = await between(target)
    const streams = (): number => proxy.getConnections()
      .flatMap(({ streams }) => streams)
      .filter(({ protocol }) => protocol.startsWith('/ipfs/bitswap')).length

    for (let i = 0; i < 50; i++) {
      const stream = await client.sendRaw(proxy.peerId.toString(), new Uint8Array([2, 10, 0]))
      await stream.close()
    }

    await target.until(() => target.received.length === 50, 'all 50 messages')
    // the last stream's end is still on its way
    await poll(() => streams() === 0, 'the proxy to have closed its streams')
  })
})
