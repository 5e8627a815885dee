/**
 * What one client can hardly have two of: an IPv4 address, or a /64 of IPv6, of which it may have all.
 *
 * @param address - 4 or 16 bytes
 */
export function ipNetwork (address: Uint8Array): string {
  if (address.length === 4) {
    return address.join('.')
  }

  const groups = [0, 2, 4, 6].map(i => (address[i] << 8 | address[i + 1]).toString(16))

  return `${groups.join(':')}::/64`
}
