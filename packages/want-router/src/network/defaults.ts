import { MAX_FRAME_LENGTH } from '@kitsune/bitswap-codec'
import type { NumberRules } from '../check-options.ts'

/** The limits and timeouts of a network. Times are ms, sizes are bytes. */
export interface NetworkLimits {
  /**
   * Streams that a peer may open on one connection, for each protocol id. libp2p's default of 32 breaks a
   * server: some peers open a stream for each message.
   */
  maxInboundStreams: number
  /** Streams that this host may open on one connection. */
  maxOutboundStreams: number

  /** The longest message that is read, as in boxo. */
  maxFrameLength: number
  /** A stream is reset when an unfinished message gets no more bytes for this long. */
  unfinishedTimeout: number
  /** The most bytes of unfinished messages of one peer, on all its streams. Beyond it the newest such stream is reset. */
  maxUnfinishedBytes: number
  /**
   * The most bytes of one peer that wait behind messages which are being handled, on all its streams. Checked
   * once a tick; beyond it the newest such stream is reset.
   */
  maxWaitingBytes: number
  /**
   * The most wants, blocks and presences of one peer, on all its streams, that are handled in one pass of the event loop.
   * Others wait for the next pass, so that no peer can stall the process. boxo's server keeps as many wants of a peer.
   */
  itemsPerPass: number
  /**
   * Messages longer than this, of peers that have dialled this host, take turns, so that short ones need not
   * wait for many of them. It is the length of about 90 wants. 0: all messages take turns.
   */
  smallMessage: number
  /**
   * The most bytes that libp2p may hold for one paused yamux stream. Less than the largest window of the
   * muxer would reset paused streams.
   */
  pausedStreamBytes: number

  /** No further message is taken while a stream holds more unsent bytes than this. */
  highWaterMark: number
  /**
   * The most unsent bytes that the streams to all peers may hold. Beyond it only a stream that holds nothing
   * takes a message, so that peers that read are still served, and each of the others has one message.
   */
  unsentTotal: number
  /** A peer that takes nothing for this long while `unsentTotal` is used up is disconnected. boxo's shortest send timeout. */
  crowdedStallTimeout: number
  /** The most streams to one peer at the same time: blocks use a further stream when the peer's window is what bounds the others. */
  maxLanes: number
  /**
   * The bytes that a stream must carry in a round trip for that, as go-yamux's windows allow: a stream that
   * carries less is bounded by something else.
   */
  laneBytes: number
  /** Over a muxer without flow control, a new stream is begun after this many bytes. js-libp2p resets a stream when it holds more than 4 MiB of it, and loses those bytes. */
  unboundedStreamBytes: number
  /**
   * Such a stream counts as read when the peer has closed it, or after this time, since some peers never
   * close streams. At most `maxLanes` are unread at the same time.
   */
  unreadTimeout: number
  /** The size of the first message to a peer, and the least to which messages shrink. boxo's messages are as large. */
  minMessageSize: number
  /** The size to which messages grow. Some implementations refuse more than 2 MiB. */
  maxMessageSize: number
  /** A message that leaves within this time doubles the size of the next. */
  quickMessage: number
  /** A message that takes longer than this halves the size. Helia aborts a message that takes 10 s. */
  slowMessage: number

  /** A stream without traffic is closed after this time. Helia aborts it after 10 s, and loses what was sent at that moment. */
  idleTimeout: number
  /** Messages that were sent within this time (or within four round trips, up to `idleTimeout`) are sent again if their stream breaks. */
  resendWindow: number
  /** The most bytes that are kept for that, in addition to those that have not left yet. The last message is always kept. */
  resendBytes: number
  /**
   * While the peer has another connection, older messages that have left within this time are kept, too, and
   * sent again there if their own connection breaks. A path of 128 KiB/s takes this long for the most that
   * can be in flight.
   */
  inFlightTime: number
  /** The most bytes that are kept for that, for each stream: the largest window of a peer's muxer. */
  inFlightBytes: number
  /** The most bytes that are kept for that, for all peers. */
  inFlightTotal: number
  /**
   * How many times one message is sent again: a peer may reset the stream because of the message, or because
   * it has too many streams at the moment.
   */
  maxResends: number
  /** A peer that takes nothing for this long while there is something to send is disconnected. */
  stallTimeout: number

  /**
   * When a peer's address has not answered within this time, the next one is dialled. If none works, those
   * that did not answer are dialled again with four times as long.
   */
  addressTimeout: number

  /** A connection on which nothing arrives for this long after its peer has opened another is given up in favour of that one. */
  doubtTimeout: number
  /** What has not left a closing stream for this long is also sent on the next one. */
  handOverTimeout: number
  /**
   * When a peer sends on another connection, and has sent nothing for this long on the one that is written
   * to, answers move to the other.
   */
  followAfter: number
  /**
   * This long after a peer has connected, or after one of its connections or streams broke, it is sent a message without
   * content: after boxo 0.34 to 0.40 has failed to reach a peer once, it asks that peer for nothing until it hears from it.
   */
  greetAfter: number
  /**
   * How many such messages follow a break, each after four times the previous wait, until the peer asks for
   * something: it may notice the break much later.
   */
  greetings: number

  /** Opening a stream fails after this time. */
  openTimeout: number
  /** The first wait after a stream could not be opened; it doubles each time. */
  minBackoff: number
  /** The longest wait after a stream could not be opened. */
  maxBackoff: number
  /** A stream that breaks sooner than this counts as one that could not be opened. */
  minStreamLife: number
  /** A stream that this host has closed is reset if the peer does not close it within this time. */
  lingerTimeout: number
  /** A connection that has not closed after this time is aborted. */
  closeTimeout: number

  /** How often timeouts are checked, while there are any. */
  tickInterval: number
}

/** What differs for members, which are configured: they may send everything that they were asked for at once, on many streams. */
export const DEFAULT_MEMBER_NETWORK_LIMITS: Readonly<Partial<NetworkLimits>> = Object.freeze({
  maxUnfinishedBytes: 64 * 1024 * 1024
})

/** The default limits of a network. */
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

/** Which limits may be 0; all others are whole numbers above 0. */
export const NETWORK_LIMIT_RULES: NumberRules<keyof NetworkLimits> = {
  orZero: ['smallMessage', 'quickMessage', 'resendWindow', 'resendBytes', 'inFlightTime', 'inFlightBytes', 'inFlightTotal', 'maxResends', 'greetAfter', 'greetings', 'minStreamLife']
}
