import { multiaddr } from '@multiformats/multiaddr'

/** A record of delegated routing: a peer, its addresses, and its protocols. */
export interface PeerRecord {
  readonly Schema: 'peer'
  readonly ID: string
  readonly Addrs: readonly string[]
  readonly Protocols: readonly string[]
}

/** The protocol of a gateway that serves blocks. It comes first, since some clients try HTTP first. */
const GATEWAY = 'transport-ipfs-gateway-http'
const BITSWAP = 'transport-bitswap'

/** Makes the record of a peer that serves HTTP at its HTTP addresses, and bitswap at all others. */
export function createPeerRecord (id: string, addresses: readonly string[]): PeerRecord {
  const http = addresses.filter(isHttp)

  return {
    Schema: 'peer',
    ID: id,
    Addrs: addresses,
    Protocols: [...(http.length > 0 ? [GATEWAY] : []), ...(http.length < addresses.length ? [BITSWAP] : [])]
  }
}

/**
 * Applies the filters of IPIP-484 to a record. A record without one of the protocols is left out. Addresses are kept if they
 * have one of the names in `filter-addrs` and none of those after a `!`. A record without addresses is kept if `unknown` is
 * among these names.
 *
 * @returns undefined if the record is left out
 */
export function filterRecord (record: PeerRecord, query: URLSearchParams): PeerRecord | undefined {
  const protocols = namesOf(query, 'filter-protocols')
  const addresses = namesOf(query, 'filter-addrs')

  if (protocols.length > 0 && !protocols.some(name => name === 'unknown' ? record.Protocols.length === 0 : record.Protocols.includes(name))) {
    return
  }

  if (addresses.length === 0 || (record.Addrs.length === 0 && addresses.includes('unknown'))) {
    return record
  }

  const Addrs = record.Addrs.filter(address => isWanted(address, addresses))

  return Addrs.length === 0 ? undefined : { ...record, Addrs }
}

function isWanted (address: string, names: readonly string[]): boolean {
  const has = new Set(multiaddr(address).getComponents().map(({ name }) => name))
  const refused = names.filter(name => name.startsWith('!'))
  const wanted = names.filter(name => !name.startsWith('!'))

  return !refused.some(name => has.has(name.slice(1))) && (wanted.length === 0 || wanted.some(name => has.has(name)))
}

/** Whether an address is one for HTTP. */
export function isHttp (address: string): boolean {
  return /\/https?(\/|$)/.test(address)
}

function namesOf (query: URLSearchParams, parameter: string): string[] {
  return (query.get(parameter) ?? '').toLowerCase().split(',').filter(name => name !== '')
}
