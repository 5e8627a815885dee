import { multiaddr } from '@multiformats/multiaddr'
import { ConfigError } from './errors.ts'

/** The DNS records of a server, and the provider records that name it. */
export interface DnsAddr {
  /** Lines of a zone file. */
  readonly records: readonly string[]
  /** The addresses by which the records are found: one for each peer id. */
  readonly addresses: readonly string[]
  /** A provider record of delegated routing for each, as JSON. */
  readonly providers: readonly string[]
}

/** How long resolvers may keep a record, s. */
const TTL = 300

/** The most bytes in a string of a TXT record. */
const MAX_STRING = 255

/**
 * Creates TXT records that resolve `/dnsaddr/<domain>` to these addresses, so that clients and
 * provider records name only the domain, and the addresses may change.
 *
 * @param domain - such as example.com
 * @param addresses - multiaddrs that end in /p2p/<peer id>
 * @throws {ConfigError} the domain is invalid, or an address has no peer id
 */
export function dnsaddr (domain: string, addresses: readonly string[]): DnsAddr {
  if (!/^([\w-]+\.)+[\w-]+\.?$/.test(domain)) {
    throw new ConfigError(`${domain} is not a domain: name one such as example.com`)
  }

  const name = domain.replace(/\.$/, '')
  const peers = [...new Set(addresses.map(peerOf))]

  return {
    records: addresses.map(address => `_dnsaddr.${name}. ${TTL} IN TXT "${checkLength(`dnsaddr=${address}`)}"`),
    addresses: peers.map(peer => `/dnsaddr/${name}/p2p/${peer}`),
    providers: peers.map(peer => JSON.stringify({ Schema: 'peer', ID: peer, Addrs: [`/dnsaddr/${name}/p2p/${peer}`], Protocols: ['transport-bitswap'] }))
  }
}

function peerOf (address: string): string {
  let peer: string | undefined

  try {
    peer = multiaddr(address).getComponents().findLast(({ name }) => name === 'p2p')?.value
  } catch {
    // it is not a multiaddr
  }

  if (peer == null) {
    throw new ConfigError(`${address} is not a multiaddr that ends in /p2p/<peer id>: use those that the server prints, or its URL`)
  }

  return peer
}

function checkLength (text: string): string {
  if (text.length > MAX_STRING) {
    throw new ConfigError(`${text} has more than the ${MAX_STRING} bytes of a TXT record`)
  }

  return text
}
