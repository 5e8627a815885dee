import { multiaddr } from '@multiformats/multiaddr'
import type { Component, Multiaddr } from '@multiformats/multiaddr'

// what js-libp2p's TCP and WebSockets transports dial; QUIC, WebTransport, WebRTC and relays need others
const DIALABLE = new Set(['ip4', 'ip6', 'ip6zone', 'dns', 'dns4', 'dns6', 'tcp', 'tls', 'sni', 'ws', 'wss', 'p2p'])

/**
 * The addresses to dial a node at, from what its RPC reports: first the RPC's
 * own host with each swarm port for TCP and plain WebSockets, as
 * go-libp2p-kitsune does (the host is known to be reachable from here, while a
 * node in a container or behind NAT reports addresses that are not), then those
 * reported. Left out are malformed ones, transports that js-libp2p cannot dial,
 * and the loopback of a host that is not this one.
 */
export function swarmAddresses (reported: readonly string[], host: Component): Multiaddr[] {
  const parsed = reported.flatMap(text => {
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
  })
  const local = isLoopback(host)
  const others = parsed.filter(address => local || !isLoopback(address.getComponents()[0]))

  const unique = new Map([...atHost, ...others].map(address => [address.toString(), address]))
  return [...unique.values()]
}

function isDialable (address: Multiaddr): boolean {
  const components = address.getComponents()
  return components.every(({ name }) => DIALABLE.has(name)) &&
    components.some(({ name }) => name === 'tcp')
}

function isLoopback ({ name, value = '' }: Component): boolean {
  return (name === 'ip4' && value.startsWith('127.')) || (name === 'ip6' && value === '::1') || value === 'localhost'
}
