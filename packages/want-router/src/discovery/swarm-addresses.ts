import { multiaddr } from '@multiformats/multiaddr'
import type { Component, Multiaddr } from '@multiformats/multiaddr'

/** What js-libp2p's TCP and WebSockets transports dial; QUIC, WebTransport, WebRTC and relays need others. */
const DIALABLE = new Set(['ip4', 'ip6', 'ip6zone', 'dns', 'dns4', 'dns6', 'tcp', 'tls', 'sni', 'ws', 'wss', 'p2p'])

/**
 * The addresses to dial a node at, best first: the RPC's own host with each swarm
 * port for TCP, then with each for plain WebSockets, as go-libp2p-kitsune does (the
 * host is known to be reachable from here, while a node in a container or behind NAT
 * reports addresses that are not), then the addresses themselves. WebSockets take more
 * CPU than TCP, and a node sorts the addresses that it reports as texts, by the digits
 * of their ports. Left out are malformed ones, transports that js-libp2p cannot dial, and the
 * loopback of a host that is not this one.
 *
 * @param reported - what the node announces to others
 * @param listening - what it listens on, which it need not announce (`Addresses.NoAnnounce`, `Addresses.Announce`)
 */
export function swarmAddresses (reported: readonly string[], listening: readonly string[], host: Component): Multiaddr[] {
  const parsed = [...reported, ...listening].flatMap(text => {
    try {
      return [multiaddr(text)]
    } catch {
      return [] // a transport that our multiaddr does not know
    }
  }).filter(isDialable)

  const atHost = parsed.flatMap(address => {
    const [, ...transport] = address.getComponents().filter(({ name }) => name !== 'ip6zone')

    // a certificate is for the name or address that was reported
    return transport.some(({ name }) => name === 'tls' || name === 'wss') ? [] : [multiaddr([host, ...transport])]
  }).sort((a, b) => Number(isWebSocket(a)) - Number(isWebSocket(b)))
  const local = isLoopback(host)
  const others = parsed.filter(address => local || !isLoopback(address.getComponents()[0]))

  const unique = new Map<string, Multiaddr>()

  for (const address of [...atHost, ...others]) {
    const key = withoutPeer(address)

    if (!unique.has(key)) {
      unique.set(key, address)
    }
  }

  return [...unique.values()]
}

/** Listeners are told without the peer id that announced addresses end in. */
function withoutPeer (address: Multiaddr): string {
  return multiaddr(address.getComponents().filter(({ name }) => name !== 'p2p')).toString()
}

function isDialable (address: Multiaddr): boolean {
  const components = address.getComponents()

  return components.every(({ name }) => DIALABLE.has(name)) &&
    components.some(({ name }) => name === 'tcp')
}

function isWebSocket (address: Multiaddr): boolean {
  return address.getComponents().some(({ name }) => name === 'ws')
}

function isLoopback ({ name, value = '' }: Component): boolean {
  return (name === 'ip4' && value.startsWith('127.')) || (name === 'ip6' && value === '::1') || value === 'localhost'
}
