import { MAX_FRAME_LENGTH } from '@kitsune/bitswap-codec'
import type { NumberRules } from '../check-options.ts'

/** What the network allows and how it paces itself. Times are ms, sizes are bytes. */
export interface NetworkLimits {
  /** Streams that one connection may open to us, for each protocol id. libp2p's own 32 breaks a server: some peers open one a message. */
  maxInboundStreams: number
  /** Streams that we may open on one connection. One is used at a time. */
  maxOutboundStreams: number

  /** The longest message that is read; boxo reads as much. */
  maxFrameLength: number
  /** Half a message, and then silence for this long, resets the stream. */
  unfinishedTimeout: number
  /** Unfinished messages of one peer, over all its streams. Beyond it the newest such stream is reset. */
  maxUnfinishedBytes: number
  /** What waits behind messages that are being handled, for one peer, over all its streams. Looked at once a tick; beyond it the newest such stream is reset. */
  maxWaitingBytes: number
  /**
   * Wants, blocks and presences of messages that are handled in one pass of the event loop, for each peer, on all of its
   * streams. More have to wait for the next pass, so that no peer can stall the process. The most that boxo's server keeps of a peer.
   */
  itemsPerPass: number
  /** A longer message of a peer that has dialled this host takes turns with those of other peers, so that short ones need not wait for many of them: 90 wants. 0: all do. */
  smallMessage: number
  /** What libp2p may hold for one paused yamux stream: no less than the largest window of the muxer, or pausing resets the stream. */
  pausedStreamBytes: number

  /** No further message is taken while a stream holds more than this unsent. */
  highWaterMark: number
  /** What the streams to all peers may hold unsent. Beyond that only a stream that holds nothing takes a message, so peers that read are served, and those that do not get one each. */
  unsentTotal: number
  /** A peer that takes nothing for this long while the total is used up is disconnected. boxo's least send timeout. */
  crowdedStallTimeout: number
  /** Streams to one peer at the same time: blocks go on by a further one where the peer's window is what bounds each. */
  maxLanes: number
  /** What a stream must carry in a round trip for that, as go-yamux's windows allow: what carries less is bounded by something else. */
  laneBytes: number
  /** Over a muxer without flow control, the next stream is begun after this many bytes. js-libp2p resets a stream of which it holds more than 4 MiB, and throws away what it holds. */
  unboundedStreamBytes: number
  /** Such a stream counts as read when the peer has closed it, or after this: some never close them. No more than `maxLanes` are unread at the same time. */
  unreadTimeout: number
  /** The size of a peer's first message, and the least that it shrinks to. boxo packs as much. */
  minMessageSize: number
  /** What a message grows to. Some implementations refuse more than 2 MiB. */
  maxMessageSize: number
  /** A message that leaves within this doubles the size of the next. */
  quickMessage: number
  /** A message that takes longer halves it. Helia aborts a message that takes 10 s. */
  slowMessage: number

  /** A stream without traffic is closed after this. Helia aborts it after 10 s, with what was sent in that moment. */
  idleTimeout: number
  /** What was sent within this time (or four round trips, up to `idleTimeout`) is sent again if its stream breaks. */
  resendWindow: number
  /** The most that is kept for that, beside what has not left yet. The last message is kept whatever its size. */
  resendBytes: number
  /** Beyond that, what has left within this time is kept while the peer has another connection, and sent again there if its own breaks. As long as a path of 128 KiB/s takes for the most that is on its way. */
  inFlightTime: number
  /** The most that is kept for that, for each stream: the largest window that a peer's muxer opens. */
  inFlightBytes: number
  /** The most that is kept for that, for all peers. */
  inFlightTotal: number
  /** How often one message is sent again: a peer may break the stream because of it, or because it takes no more streams just now. */
  maxResends: number
  /** A peer that takes nothing for this long, although there is something to send, is disconnected. */
  stallTimeout: number

  /** A peer's address that has not answered by then makes way for the next one. Those get four times as long when no other works. */
  addressTimeout: number

  /** A connection that says nothing for this long after its peer has opened another is given up for that one. */
  doubtTimeout: number
  /** What has not moved for this long on a stream that is closing goes out on the next one as well. */
  handOverTimeout: number
  /** Answers follow a peer to another of its connections once it has not spoken for this long on the one that they go out on. */
  followAfter: number
  /**
   * So long after a peer has connected, or after a connection or a stream of its wants broke, it is sent a message without content.
   * boxo 0.34 to 0.40 asks a peer that could once not be reached for nothing more until it hears from it.
   */
  greetAfter: number
  /** After a break such messages follow, each after four times the wait, until the peer says something: it may notice the break much later. */
  greetings: number

  /** Opening a stream fails after this. */
  openTimeout: number
  /** The first wait after a failure to open; doubles each time. */
  minBackoff: number
  /** The longest wait after a failure to open. */
  maxBackoff: number
  /** A stream that breaks sooner than this counts as a failure to open. */
  minStreamLife: number
  /** A stream that we closed and that the peer does not close is reset after this. */
  lingerTimeout: number
  /** Closing a connection fails after this; then it is aborted. */
  closeTimeout: number

  /** How often timeouts are looked at, while there is one to look at. */
  tickInterval: number
}

/** What is different towards peers that are asked, and were configured: they may send on many streams at once as much as was asked of them. */
export const DEFAULT_MEMBER_NETWORK_LIMITS: Readonly<Partial<NetworkLimits>> = Object.freeze({
  maxUnfinishedBytes: 64 * 1024 * 1024
})

/** The only place where these values stand. */
export const DEFAULT_NETWORK_LIMITS: Readonly<NetworkLimits> = Object.freeze({
  maxInboundStreams: 4_096,
  maxOutboundStreams: 4_096,
  maxFrameLength: MAX_FRAME_LENGTH,
  unfinishedTimeout: 30_000,
  maxUnfinishedBytes: 16 * 1024 * 1024,
  maxWaitingBytes: 64 * 1024 * 1024,
  itemsPerPass: 1_024,
  smallMessage: 4 * 1024,
  pausedStreamBytes: 16 * 1024 * 1024,
  highWaterMark: 256 * 1024,
  unsentTotal: 32 * 1024 * 1024,
  crowdedStallTimeout: 10_000,
  maxLanes: 4,
  laneBytes: 2 * 1024 * 1024,
  unboundedStreamBytes: 2 * 1024 * 1024,
  unreadTimeout: 1_000,
  minMessageSize: 16 * 1024,
  maxMessageSize: 1024 * 1024,
  quickMessage: 100,
  slowMessage: 1_000,
  idleTimeout: 5_000,
  resendWindow: 3_000,
  resendBytes: 1024 * 1024,
  inFlightTime: 120_000,
  inFlightBytes: 16 * 1024 * 1024,
  inFlightTotal: 64 * 1024 * 1024,
  maxResends: 8,
  stallTimeout: 120_000,
  addressTimeout: 1_000,
  doubtTimeout: 1_000,
  handOverTimeout: 1_000,
  followAfter: 1_000,
  greetAfter: 1_000,
  greetings: 4,
  openTimeout: 10_000,
  minBackoff: 200,
  maxBackoff: 10_000,
  minStreamLife: 1_000,
  lingerTimeout: 30_000,
  closeTimeout: 1_000,
  tickInterval: 250
})

/** Which of them may be 0; all others are whole numbers above 0. */
export const NETWORK_LIMIT_RULES: NumberRules<keyof NetworkLimits> = {
  orZero: ['smallMessage', 'quickMessage', 'resendWindow', 'resendBytes', 'inFlightTime', 'inFlightBytes', 'inFlightTotal', 'maxResends', 'greetAfter', 'greetings', 'minStreamLife']
}
