/**
 * The hosts' limits, for the open internet. Times are in ms, sizes in bytes.
 * libp2p's defaults (5 connections a second and address, 10 under way, 300 in
 * total) turn away clients behind one NAT or one TLS proxy.
 */
export const HOST_LIMITS = {
  /**
   * New connections a second from one address. All clients behind a proxy share
   * its address, and reconnect together after a restart.
   */
  newPerSecond: 512,
  /** Connections whose handshake is under way, including silent ones. */
  pending: 1024,
  /** A connection must be encrypted and multiplexed within this time. */
  upgradeTimeout: 10_000,
  /** A WebSocket message must be complete within this time, like a bitswap message. */
  unfinishedTimeout: 30_000,
  /**
   * A peer is pinged every 12 s. Its connection is ended when nothing has arrived
   * from it for 26 s and no data that waited for it has drained, so a half-open
   * connection is found within 30 s. A line of 64 KiB/s drains only every 22 s: the
   * kernel holds 4 MiB of sent data, and accepts more when a third of that is free.
   */
  pingInterval: 12_000,
  silence: 26_000,
  checkInterval: 1_000,
  /**
   * How much a peer may send on one stream before it is read. yamux would let
   * this grow to 16 MiB, which is more than a paused stream may hold.
   */
  streamWindow: 1 << 20,
  /**
   * New streams a second over mplex once its limit is reached. js-ipfs opens one
   * for each message, so libp2p's 5 would cut it off.
   */
  mplexStreamsPerSecond: 10_000
} as const
