import { negotiateAtOnce } from './quick-negotiation.ts'
import type { NegotiatedMuxer, ProtocolRegistrar } from './quick-negotiation.ts'
import type { WarnMissing } from './warn.ts'
import type { StreamMuxerFactory } from '@libp2p/interface'

/** The states of a stream in which yamux itself must decide: its opening has not been sent, or it is paused. */
const INIT = 0
const PAUSED = 5

/** The internal fields of libp2p's yamux that this module uses. */
interface YamuxMuxer extends NegotiatedMuxer {
  _newStream? (...args: unknown[]): YamuxStream
}

interface YamuxStream {
  state?: number
  /** Bytes that the peer may send at a time, and those that it may still send. */
  recvWindow?: number
  recvWindowCapacity?: number
  sendWindowUpdate? (): void
}

/**
 * libp2p's yamux with less to send and to do for small messages. libp2p answers each frame with a window
 * update, so that each message that a peer sends costs a frame, a noise message and a system call on the way
 * back; here a window is opened again when half of it is used up, as go-yamux does. And a protocol is
 * negotiated at once where the peer names it in its first flight, see {@link negotiateAtOnce}.
 *
 * The internal fields are not part of the muxer's interface; where they are missing it does what libp2p does.
 *
 * @param create - makes yamux
 * @param warnMissing - told of fields that are missing
 */
export function leanYamux (create: () => StreamMuxerFactory, warnMissing: WarnMissing): (components: { registrar: ProtocolRegistrar }) => StreamMuxerFactory {
  return components => {
    const factory = create()
    const { createStreamMuxer } = factory

    factory.createStreamMuxer = connection => {
      const muxer = createStreamMuxer.call(factory, connection)
      spareWindowUpdates(muxer as unknown as YamuxMuxer, warnMissing)
      // the registrar is made after the muxers' factories
      negotiateAtOnce(muxer as unknown as NegotiatedMuxer, components.registrar, warnMissing)

      return muxer
    }

    return factory
  }
}

/** Has the muxer's streams send a window update only when half of a window is used up. */
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

/** In place of the method of a stream: a function of its own for each stream would be one more object. */
function sendWindowUpdate (this: Required<YamuxStream>): void {
  // the acknowledgement of a stream that a peer has opened goes with whatever is sent on it first
  if (this.recvWindowCapacity <= this.recvWindow / 2 || this.state === INIT || this.state === PAUSED) {
    const { sendWindowUpdate: send } = Object.getPrototypeOf(this) as Required<YamuxStream>
    send.call(this)
  }
}

function warnSpendthrift (warnMissing: WarnMissing): void {
  warnMissing('@libp2p/yamux', '_newStream of a muxer, or the window of a stream', 'each frame is answered by a window update, which takes more CPU')
}
