import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { swarmAddresses } from '../../src/discovery/swarm-addresses.ts'

const ID = '/p2p/12D3KooWJvyP4dnE7TQhYSNVc8GUv7LoGBHKcfUxSvSwCqWEBJfF'

function chosen (reported: string[], host: string, listening: string[] = []): string[] {
  return swarmAddresses(reported, listening, multiaddr(host).getComponents()[0]).map(address => address.toString())
}

describe('the addresses to dial a node at', () => {
  it("begin with the RPC's host and each swarm port for TCP and WebSockets", () => {
    expect(chosen([
      `/ip4/172.17.0.2/tcp/4001${ID}`,
      `/ip4/172.17.0.2/tcp/4002/ws${ID}`,
      `/ip4/203.0.113.7/tcp/23456${ID}`
    ], '/dns4/node')).to.deep.equal([
      `/dns4/node/tcp/4001${ID}`,
      `/dns4/node/tcp/23456${ID}`,
      `/dns4/node/tcp/4002/ws${ID}`,
      `/ip4/172.17.0.2/tcp/4001${ID}`,
      `/ip4/172.17.0.2/tcp/4002/ws${ID}`,
      `/ip4/203.0.113.7/tcp/23456${ID}`
    ])
  })

  it('are tried over TCP before WebSockets, whichever port comes first', () => {
    expect(chosen([`/ip4/127.0.0.1/tcp/4001/ws${ID}`, `/ip4/127.0.0.1/tcp/4002${ID}`], '/ip4/127.0.0.1')).to.deep.equal([
      '/ip4/127.0.0.1/tcp/4002',
      '/ip4/127.0.0.1/tcp/4001/ws'
    ].map(address => `${address}${ID}`))
  })

  it('hold none twice', () => {
    expect(chosen([
      `/ip4/127.0.0.1/tcp/4001${ID}`,
      `/ip4/10.0.0.1/tcp/4001${ID}`,
      `/ip6/::1/tcp/4001${ID}`
    ], '/ip4/10.0.0.1')).to.deep.equal([`/ip4/10.0.0.1/tcp/4001${ID}`])
  })

  it('leave out what js-libp2p cannot dial, and what is malformed', () => {
    expect(chosen([
      `/ip4/10.0.0.1/udp/4001/quic-v1${ID}`,
      `/ip4/10.0.0.1/udp/4001/quic-v1/webtransport/certhash/uEiAkH5a4DPGKUuOBjYw0CgwjvcJCJMD2K_1aluKR_tpevQ${ID}`,
      `/ip4/10.0.0.1/udp/4001/webrtc-direct${ID}`,
      `/ip4/10.0.0.9/tcp/4001${ID}/p2p-circuit${ID}`,
      '/unix/%2Ftmp%2Fsock',
      '/invented/1',
      'nonsense',
      '',
      `/ip4/10.0.0.1/tcp/4001${ID}`
    ], '/ip4/10.0.0.1')).to.deep.equal([`/ip4/10.0.0.1/tcp/4001${ID}`])
  })

  it('keep a certificate with the name it was made for', () => {
    const secure = `/dns4/10-0-0-1.example.libp2p.direct/tcp/4001/tls/ws${ID}`
    expect(chosen([secure], '/ip4/10.0.0.1')).to.deep.equal([secure])
  })

  it("leave out another machine's loopback, but not our own", () => {
    const loopback = [`/ip4/127.0.0.1/tcp/4001${ID}`, `/ip6/::1/tcp/4001${ID}`]

    expect(chosen(loopback, '/ip4/10.0.0.1')).to.deep.equal([`/ip4/10.0.0.1/tcp/4001${ID}`])
    expect(chosen(loopback, '/ip4/127.0.0.1')).to.deep.equal(loopback)
    expect(chosen(loopback, '/dns/localhost')).to.deep.equal([`/dns/localhost/tcp/4001${ID}`, ...loopback])
  })

  it('drop a zone, which means something on the node alone, from what moves to the host', () => {
    expect(chosen([`/ip6zone/eth0/ip6/fe80::1/tcp/4001${ID}`], '/ip4/10.0.0.1')[0]).to.equal(`/ip4/10.0.0.1/tcp/4001${ID}`)
  })

  it('are those that the node listens on, too, at the host of its RPC first', () => {
    expect(chosen([`/dns4/node.example/tcp/443/wss${ID}`], '/ip4/10.0.0.1', ['/ip4/172.17.0.2/tcp/4001', '/ip4/127.0.0.1/tcp/4001'])).to.deep.equal([
      '/ip4/10.0.0.1/tcp/4001',
      `/dns4/node.example/tcp/443/wss${ID}`,
      '/ip4/172.17.0.2/tcp/4001'
    ])
  })

  it('hold a listener that is announced once, though it is told without the peer id', () => {
    expect(chosen([`/ip4/10.0.0.1/tcp/4001${ID}`], '/ip4/10.0.0.1', ['/ip4/10.0.0.1/tcp/4001'])).to.deep.equal([`/ip4/10.0.0.1/tcp/4001${ID}`])
  })
})
