import { expect } from 'aegir/chai'
import { peers } from '../../src/discovery/static.ts'
import { fakeContext, recordingSink, settled } from '../targets/fixtures.ts'
import type { LocatedPeer, TargetInit } from '../../src/targets/target.ts'

const ID = '12D3KooWJvyP4dnE7TQhYSNVc8GUv7LoGBHKcfUxSvSwCqWEBJfF'
const OTHER_ID = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'

async function located (init: TargetInit): Promise<LocatedPeer | undefined> {
  let found: LocatedPeer | undefined
  const target = init.create(fakeContext(async located => {
    found = located

    return { supportsDontHave: true, ask () {}, cancel () {}, close () {} }
  }))
  await target.start(recordingSink())
  await settled()
  await target.stop()

  return found
}

describe('static discovery', () => {
  it('dials a peer at its address', async () => {
    const [init] = peers([`/dns4/node/tcp/4001/ws/p2p/${ID}`])
    const peer = await located(init)

    expect(peer?.peer.toString()).to.equal(ID)
    expect(peer?.addresses.map(String)).to.deep.equal([`/dns4/node/tcp/4001/ws/p2p/${ID}`])
  })

  it('dials a peer at several addresses, in their order', async () => {
    const addresses = [`/ip4/10.0.0.1/tcp/4001/p2p/${ID}`, `/dnsaddr/node.example/p2p/${ID}`]
    const peer = await located(peers([{ address: addresses }])[0])

    expect(peer?.addresses.map(String)).to.deep.equal(addresses)
  })

  it('dials the last peer of a relayed address', async () => {
    const peer = await located(peers([`/ip4/10.0.0.1/tcp/4001/p2p/${OTHER_ID}/p2p-circuit/p2p/${ID}`])[0])
    expect(peer?.peer.toString()).to.equal(ID)
  })

  it('names members by the address as written, or as told', () => {
    const address = `/ip4/10.0.0.1/tcp/4001/p2p/${ID}`
    const inits = peers([address, { address, id: 'two', weight: 2, labels: { zone: 'x' } }, { address: [address, `/dns/node/tcp/1/p2p/${ID}`] }])

    expect(inits.map(({ id }) => id)).to.deep.equal([address, 'two', address])
    expect(inits[1]).to.deep.include({ weight: 2, labels: { zone: 'x' } })
  })

  const refused: Record<string, [address: string | string[], why: RegExp]> = {
    'no address': [[], /a node has no address/],
    'an address without a peer id': ['/ip4/10.0.0.1/tcp/4001', /does not end in a peer id/],
    'an address that goes on after its peer id': [`/ip4/10.0.0.1/tcp/4001/p2p/${ID}/p2p-circuit`, /does not end in a peer id/],
    'a malformed peer id': ['/ip4/10.0.0.1/tcp/4001/p2p/12D3Koo', /"12D3Koo" is not a peer id/],
    'a peer id in a foreign alphabet': ['/ip4/10.0.0.1/tcp/4001/p2p/0OIl', /"0OIl" is not a peer id/],
    'a malformed multiaddr before a peer id': [`/ip4/10.0.0.999/tcp/4001/p2p/${ID}`, /cannot be dialled/],
    'a URL, without showing its password': ['http://me:secret@node:5001', /^(?!.*secret).*are for `kubo`$/],
    'addresses of two peers': [[`/ip4/10.0.0.1/tcp/4001/p2p/${ID}`, `/ip4/10.0.0.1/tcp/4001/p2p/${OTHER_ID}`], /two peers/]
  }

  for (const [what, [address, why]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      expect(() => peers([{ address }])).to.throw(why).with.property('name', 'InvalidOptionError')
    })
  }
})
