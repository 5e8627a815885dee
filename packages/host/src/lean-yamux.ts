import { sendUnhurried } from './batched-sends.ts'
import { hookMuxers } from './muxer-hook.ts'
import { negotiateAtOnce } from './quick-negotiation.ts'
import type { NegotiatedMuxer, ProtocolRegistrar } from './quick-negotiation.ts'
import type { WarnMissing } from './warn.ts'
import type { MessageStream, StreamMuxerFactory } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** The states of a stream in which yamux itself must decide: its opening has not been sent, or it is paused. */
const INIT = 0
const PAUSED = 5
/** The flag of the last frame on a stream. */
const FIN = 4

/** The internal fields of libp2p's yamux that this module uses. */
export interface YamuxMuxer extends NegotiatedMuxer {
  _newStream? (...args: unknown[]): YamuxStream
  sendFrame? (header: { readonly flag: number, readonly length: number }, data?: Uint8ArrayList): boolean
  send? (data: Uint8Array | Uint8ArrayList): boolean
}

interface YamuxStream {
  state?: number
  /** Bytes that the peer may send at a time, and those that it may still send. */
  recvWindow?: number
  recvWindowCapacity?: number
  sendWindowUpdate? (): void
  abort? (error: Error): void
}

/**
 * libp2p's yamux with less traffic and less work for small messages. libp2p answers each frame
 * with a window update, so each message of a peer costs a frame, a noise message and a system
 * call on the way back; here a window is opened again when half of it is used up, as in
 * go-yamux. A protocol is negotiated at once if the peer names it in its first flight, see
 * `quick-negotiation.ts`. The answer to that and the end of a stream, for which no peer waits,
 * leave with the next data on the connection.
 *
 * The internal fields are not part of the muxer's interface; if they are missing, it behaves as in libp2p.
 *
 * @param create - creates the factory of yamux
 * @param warnMissing - told of fields that are missing
 */
export function leanYamux (create: () => StreamMuxerFactory, warnMissing: WarnMissing): (components: { registrar: ProtocolRegistrar }) => StreamMuxerFactory {
  return components => hookMuxers(create(), (muxer, connection) => {
    const inside = muxer as unknown as YamuxMuxer
    spareWindowUpdates(inside, warnMissing)
    const canWait = sendEndsUnhurried(inside, connection, warnMissing)
    // read the registrar here, since libp2p creates it after the muxers' factories
    negotiateAtOnce(inside, components.registrar, canWait, warnMissing)
  })
}

/** Makes the muxer's streams send a window update only when half of a window is used up. */
export function spareWindowUpdates (muxer: YamuxMuxer, warnMissing: WarnMissing): void {
  const { _newStream: create } = muxer

  if (typeof create !== 'function') {
    warnSpendthrift(warnMissing)

    return
  }

  muxer._newStream = (...args) => {
    const stream = create.apply(muxer, args)

    if (typeof stream.state === 'number' && typeof stream.recvWindow === 'number' && typeof stream.recvWindowCapacity === 'number' && typeof stream.sendWindowUpdate === 'function') {
      stream.sendWindowUpdate = sendWindowUpdate
    } else {
      warnSpendthrift(warnMissing)
    }

    return stream
  }
}

/** Replaces the method of a stream. All streams share it: a closure for each stream would be one more object. */
function sendWindowUpdate (this: Required<YamuxStream>): void {
  const { sendWindowUpdate: send } = Object.getPrototypeOf(this) as Required<YamuxStream>

  if (this.state === INIT) {
    openStream(this, send)
  } else if (this.recvWindowCapacity <= this.recvWindow / 2 || this.state === PAUSED) {
    // a stream that a peer has opened is acknowledged by the first frame that is sent on it
    send.call(this)
  }
}

/** yamux opens a stream in a microtask: if the connection has just closed and throws there, the error would end the process. */
function openStream (stream: Required<YamuxStream>, send: () => void): void {
  try {
    send.call(stream)
  } catch (err) {
    stream.abort(err as Error)
  }
}

/**
 * Makes the muxer send the end of a stream unhurriedly, i.e. with the next data. Returns a
 * function that runs its argument and sends everything that this sends in the same way.
 */
export function sendEndsUnhurried (muxer: YamuxMuxer, connection: MessageStream, warnMissing: WarnMissing): (run: () => void) => void {
  const { sendFrame, send } = muxer

  if (typeof sendFrame !== 'function' || typeof send !== 'function') {
    warnMissing('@libp2p/yamux', 'sendFrame or send of a muxer', 'the end of each stream is sent by itself, which takes more CPU')

    return run => { run() }
  }

  let isUnhurried = false

  function unhurried <T> (run: () => T): T {
    isUnhurried = true

    try {
      return run()
    } finally {
      isUnhurried = false
    }
  }

  muxer.sendFrame = (header, data) => header.flag === FIN && header.length === 0
    ? unhurried(() => sendFrame.call(muxer, header, data))
    : sendFrame.call(muxer, header, data)

  muxer.send = data => isUnhurried && sendUnhurried(connection, data) ? true : send.call(muxer, data)

  return unhurried
}

function warnSpendthrift (warnMissing: WarnMissing): void {
  warnMissing('@libp2p/yamux', '_newStream of a muxer, or the window of a stream', 'each frame is answered by a window update, which takes more CPU')
}
