/** The `User-Agent` of boxo and programs that use it. */
const PEER = /^(kubo|boxo|rainbow)\b/i

/** Whether a request is from boxo, which treats some statuses and large blocks differently from other clients. */
export function isPeer ({ headers }: Pick<Request, 'headers'>): boolean {
  return PEER.test(headers.get('user-agent') ?? '')
}
