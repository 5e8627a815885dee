import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'aegir/chai'
import { createHost } from '../../src/node/index.ts'
import { ownLocks } from '../../src/workerd/own-locks.ts'
import type { Libp2p, PeerId } from '@libp2p/interface'

type TakeLock = (peer: PeerId) => Promise<() => void>

const agent = { name: 'test', version: '0.0.0' }

/** Takes the lock of the host's own entry, as its peer store does. */
function lockOf ({ peerId, peerStore }: Libp2p): Promise<() => void> {
  return (peerStore as unknown as { store: { getWriteLock: TakeLock } }).store.getWriteLock(peerId)
}

describe('ownLocks', () => {
  it('lets a host continue while another one with the same identity holds its lock for ever', async () => {
    const privateKey = await generateKeyPair('Ed25519')
    const hosts = await Promise.all([createHost({ agent, privateKey }), createHost({ agent, privateKey })])
    hosts.forEach(host => { ownLocks(host, name => { throw new Error(name) }) })

    await lockOf(hosts[0])
    await hosts[1].start()
    await hosts[1].stop()
  })

  it('keeps the order within a host', async () => {
    const host = await createHost({ agent })
    ownLocks(host, name => { throw new Error(name) })
    const order: number[] = []
    const release = await lockOf(host)
    const second = lockOf(host).then(release => { order.push(2); release() })

    order.push(1)
    release()
    await second
    expect(order).to.deep.equal([1, 2])
  })

  it('reports it if the store does not have the fields', () => {
    const missing: string[] = []
    ownLocks({ peerStore: {} } as unknown as Libp2p, (_, what) => { missing.push(what) })

    expect(missing).to.have.length(1)
  })
})
