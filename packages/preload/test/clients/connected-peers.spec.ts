import { expect } from 'aegir/chai'
import { connectedPeers } from '../../src/clients/connected-peers.ts'
import type { ConnectedPeers, PeerHost } from '../../src/clients/connected-peers.ts'

type Connection = ReturnType<PeerHost['getConnections']>[number]

/** As libp2p has it, of a peer at `/<name>/<value>/tcp/4001`. */
function connection (peer: string, name: string, value: string, status = 'open'): Connection {
  return { remotePeer: { toString: () => peer }, remoteAddr: { getComponents: () => [{ name, value }, { name: 'tcp', value: '4001' }] }, status }
}

describe('connected peers', () => {
  let connections: Connection[]
  let host: PeerHost & { readonly listeners: Set<() => void> }
  let peers: ConnectedPeers

  beforeEach(() => {
    connections = []
    const listeners = new Set<() => void>()
    host = {
      listeners,
      getConnections: () => connections,
      addEventListener: (_, listener) => { listeners.add(listener) },
      removeEventListener: (_, listener) => { listeners.delete(listener) }
    }
    peers = connectedPeers(host)
  })

  const at = (address: string, peer?: string): readonly string[] => peers.find({ peer, address })

  it('are found by the peer id that the client names, whatever its address', () => {
    connections = [connection('a', 'ip4', '192.0.2.1'), connection('b', 'ip4', '192.0.2.2')]

    expect(at('192.0.2.1', 'b')).to.deep.equal(['b'])
  })

  it('are found by the address, the newest first, if the named one is not connected', () => {
    connections = [connection('a', 'ip4', '192.0.2.1'), connection('b', 'ip4', '192.0.2.2'), connection('c', 'ip4', '192.0.2.1'), connection('c', 'ip4', '192.0.2.1')]

    expect(at('192.0.2.1')).to.deep.equal(['c', 'a'])
    expect(at('192.0.2.1', 'gone')).to.deep.equal(['c', 'a'])
    expect(at('192.0.2.3')).to.be.empty()
  })

  it('are found however the address is written', () => {
    connections = [connection('a', 'ip6', '::ffff:192.0.2.1'), connection('b', 'ip6', '2001:0db8:0:0:0:0:0:1')]

    expect([at('192.0.2.1'), at('2001:db8::1')]).to.deep.equal([['a'], ['b']])
  })

  it('are not those whose connection closes, or whose address is not known', () => {
    connections = [connection('a', 'ip4', '192.0.2.1', 'closing'), connection('b', 'dns4', '192.0.2.1'), connection('c', 'ip4', '192.0.2.2', 'closed')]

    expect(at('192.0.2.1')).to.be.empty()
    expect(at('192.0.2.9', 'c')).to.be.empty()
  })

  it('are at most 32, the newest ones, if a whole office has one address', () => {
    connections = Array.from({ length: 40 }, (_, i) => connection(`peer ${i}`, 'ip4', '192.0.2.1'))

    expect(at('192.0.2.1')).to.deep.equal(Array.from({ length: 32 }, (_, i) => `peer ${39 - i}`))
  })

  it('are announced until the listener is removed', () => {
    let connected = 0
    const stop = peers.onConnect(() => { connected++ })
    host.listeners.forEach(listener => { listener() })
    stop()

    expect([connected, host.listeners.size]).to.deep.equal([1, 0])
  })
})
