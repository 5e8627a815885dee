import type { MultiaddrConnection } from '@libp2p/interface'

/** These bytes of a multiaddr identify a host: one for the protocol, then the address or its first half. */
const HOST_BYTES: Record<string, number> = { ip4: 5, ip6: 9 }

/** The remote host of a connection: an IPv4 address, or the first half of an IPv6 address, since one host has all of the other half. */
export function remoteHost (remoteAddr: MultiaddrConnection['remoteAddr']): string {
  const { name } = remoteAddr.getComponents()[0]
  const length = HOST_BYTES[name]

  return length == null ? remoteAddr.toString() : remoteAddr.bytes.subarray(0, length).join('.')
}

/** The same for the address of a socket. */
export function socketHost (address = ''): string {
  const isV6 = address.includes(':') && !address.includes('.')

  return isV6 ? address.split('::')[0].split(':').slice(0, 4).join(':') : address
}
