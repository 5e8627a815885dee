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
   * A peer is pinged every 12 s, and its connection ended when nothing at all has
   * come from it for 26 s and nothing that waited for it has drained: that finds a
   * half-open connection within 30 s. A line of 64 KiB/s drains so seldom as every
   * 22 s: the kernel keeps 4 MiB of what is sent, and takes more when a third of
   * that is free.
   */
  pingInterval: 12_000,
  silence: 26_000,
  checkInterval: 1_000,
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
