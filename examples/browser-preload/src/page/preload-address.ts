/** A preload node, as the page reads it from `/preload-node.json`. */
export interface PreloadAddress {
  /** Where it serves `/api/v0/refs`. */
  readonly url: string
  /** Its libp2p address over WebSockets. */
  readonly address: string
}
