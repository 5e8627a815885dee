/** The network in which a single client may have all addresses: the first half of an IPv6 address, or an IPv4 address. */
export function networkOf (text: string): string {
  // a socket for both families shows IPv4 as IPv6
  const address = text.replace(/%.*$/, '').replace(/^::ffff:(?=[\d.]+$)/i, '')

  if (!address.includes(':')) {
    return address
  }

  const [head, tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')

  if (tail != null) {
    const rest = tail === '' ? [] : tail.split(':')
    groups.push(...Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0'), ...rest)
  }

  return groups.slice(0, 4).map(group => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':')
}
