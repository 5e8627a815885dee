/** Peers of bitswap over HTTP, as `User-Agent` has them. */
const PEER = /^(kubo|boxo|rainbow)\b/i

/** Whether boxo asks, which takes some statuses, and blocks of some sizes, otherwise than HTTP has them. */
export function isPeer ({ headers }: Pick<Request, 'headers'>): boolean {
  return PEER.test(headers.get('user-agent') ?? '')
}
