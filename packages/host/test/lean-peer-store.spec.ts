import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { createHost } from '../src/node/index.ts'
import { until } from './support/until.ts'
import type { Libp2p, PeerId } from '@libp2p/interface'

const AGENT = { name: 'test', version: '0' }

describe('lean peer store', () => {
  const hosts: Libp2p[] = []

  async function server (): Promise<Libp2p> {
    const host = await createHost({ listen: ['/ip4/127.0.0.1/tcp/0'], agent: AGENT })
    hosts.push(host)
    await host.start()

    return host
  }

  async function client (): Promise<Libp2p> {
    const host = await createHost({ agent: AGENT })
    hosts.push(host)
    await host.start()

    return host
  }

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map(async host => host.stop()))
  })

  it('forgets 10,000 peers that are not connected', async function () {
    this.timeout(60_000)
    const host = await server()

    for (let i = 0; i < 10_000; i++) {
      const peer = await randomPeer()

      await host.peerStore.merge(peer, { protocols: ['/ipfs/bitswap/1.2.0'] })
      await host.peerStore.patch(peer, { multiaddrs: [multiaddr('/ip4/1.2.3.4/tcp/4001')] })
    }

    expect(await host.peerStore.all()).to.be.empty()
  })

  it('remembers a peer while it is connected', async () => {
    const host = await server()
    const peer = await client()

    await peer.dial(host.getMultiaddrs())
    await identified(host, peer.peerId)

    expect((await host.peerStore.get(peer.peerId)).protocols).to.include('/ipfs/ping/1.0.0')

    await peer.stop()
    await until(async () => !await host.peerStore.has(peer.peerId))

    expect(await host.peerStore.all()).to.be.empty()
    expect(await host.peerStore.has(host.peerId)).to.be.true()
  })

  it('keeps merged data, and does not merge a known protocol again', async () => {
    const host = await server()
    const peer = await client()
    await peer.dial(host.getMultiaddrs())
    await identified(host, peer.peerId)

    await host.peerStore.merge(peer.peerId, { protocols: ['/a'] })
    const { updated } = await stored(host, peer.peerId)
    const again = await host.peerStore.merge(peer.peerId, { protocols: ['/a'] })

    expect(again.protocols).to.include('/a')
    expect((await stored(host, peer.peerId)).updated).to.equal(updated)

    await host.peerStore.merge(peer.peerId, { protocols: ['/b'] })
    expect((await host.peerStore.get(peer.peerId)).protocols).to.include.members(['/a', '/b'])
  })

  it('merges again after a patch has removed the protocol', async () => {
    const host = await server()
    const peer = await client()
    await peer.dial(host.getMultiaddrs())
    await identified(host, peer.peerId)

    await host.peerStore.merge(peer.peerId, { protocols: ['/a'] })
    await host.peerStore.patch(peer.peerId, { protocols: ['/c'] })
    await host.peerStore.merge(peer.peerId, { protocols: ['/a'] })

    expect((await host.peerStore.get(peer.peerId)).protocols).to.have.members(['/a', '/c'])
  })

  it('never skips data other than protocols', async () => {
    const host = await server()
    const peer = await client()
    await peer.dial(host.getMultiaddrs())
    await identified(host, peer.peerId)

    await host.peerStore.merge(peer.peerId, { protocols: ['/a'] })
    await host.peerStore.merge(peer.peerId, { protocols: ['/a'], tags: { mine: { value: 1 } } })

    expect((await host.peerStore.get(peer.peerId)).tags.has('mine')).to.be.true()
  })
})

async function randomPeer (): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

async function identified (host: Libp2p, peer: PeerId): Promise<void> {
  if (!await host.peerStore.has(peer) || (await host.peerStore.get(peer)).protocols.length < 2) {
    await new Promise<void>((resolve) => {
      host.addEventListener('peer:identify', () => { resolve() }, { once: true })
    })
  }
}

async function stored (host: Libp2p, peer: PeerId): Promise<{ updated: number }> {
  const { updated } = await host.peerStore.get(peer) as unknown as { updated: number }

  return { updated }
}
