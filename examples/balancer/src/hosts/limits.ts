/**
 * How the hosts are set for the internet. Times are ms, sizes bytes. libp2p's
 * own defaults (5 connections a second and address, 10 under way, 300 in all)
 * turn away the clients behind one NAT or one TLS proxy.
 */
export const HOST_LIMITS = {
  /**
   * New connections a second from one address. All clients behind a proxy in
   * front share one, and come back together after a restart.
   */
  newPerSecond: 512,
  /** Connections whose handshake is under way, silent ones included. */
  pending: 1024,
  /** A connection must be encrypted and multiplexed by then. */
  upgradeTimeout: 10_000,
  /** A WebSocket message must be complete by then, as a bitswap message must. */
  unfinishedTimeout: 30_000,
  /**
   * A ping every 14 s that must be answered within 13 s finds a half-open
   * connection within 27 s. The timeout stays below the interval since a second
   * ping stream would count as a failure, and is that long since a ping waits
   * behind up to 1 MiB of blocks on a slow client's line.
   */
  pingInterval: 14_000,
  pingTimeout: 13_000,
  /**
   * How much a peer may send on one stream before it is read. yamux would let
   * it grow to 16 MiB, more than a paused stream may hold.
   */
  streamWindow: 1 << 20,
  /**
   * New streams a second over mplex once its limit is reached. js-ipfs opens
   * one for each message and would be cut off by libp2p's 5.
   */
  mplexStreamsPerSecond: 10_000
} as const
