import type { WarnMissing } from './warn.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/** Knows the protocols of a host. */
export interface ProtocolRegistrar {
  /** Throws if the protocol is not handled. */
  getHandler (protocol: string): unknown
}

/** The internal fields of libp2p's muxers that this module uses. */
export interface NegotiatedMuxer {
  onData? (data: Uint8Array | Uint8ArrayList): void
  safeDispatchEvent? (type: string, event: { detail: NegotiatedStream }): boolean
}

/** The internal fields of a stream that this module uses. */
export interface NegotiatedStream {
  protocol: string
  readonly status: string
  readonly remoteWriteStatus: string
  /** The data that has arrived and was not delivered yet. */
  readonly readBuffer?: Uint8ArrayList
  send (data: Uint8Array): boolean
}

const NEWLINE = 0x0a
/** Lengths below this take one byte. */
const ONE_BYTE = 0x80
/** The first message of a peer that speaks multistream-select. */
const GREETING = new TextEncoder().encode('\x13/multistream/1.0.0\n')

/**
 * Makes the muxer negotiate the protocol of a stream that a peer opens at once, if the peer's
 * first flight names a protocol that is handled. The answer repeats the peer's own bytes, and
 * can wait if the peer has not waited for it. For the same, libp2p attaches three listeners and
 * awaits a dozen promises, which takes a good part of the CPU of a server whose peers open a
 * stream for each message, as kubo does. In all other cases libp2p negotiates.
 *
 * libp2p learns of a stream only after everything that arrived together with it was read.
 * `canWait` runs its argument and sends everything that this sends unhurriedly.
 */
export function negotiateAtOnce (muxer: NegotiatedMuxer, registrar: ProtocolRegistrar, canWait: (send: () => void) => void, warnMissing: WarnMissing): void {
  const { onData, safeDispatchEvent } = muxer

  if (typeof onData !== 'function' || typeof safeDispatchEvent !== 'function') {
    warnMissing('@libp2p/yamux', 'onData or safeDispatchEvent of a muxer', 'libp2p negotiates the protocol of each stream, which takes more CPU')

    return
  }

  // the streams that the data being read has opened
  const opened: Array<{ detail: NegotiatedStream }> = []
  let reading = false

  muxer.safeDispatchEvent = (type, event) => {
    if (type !== 'stream' || !reading) {
      return safeDispatchEvent.call(muxer, type, event)
    }

    opened.push(event)

    return true
  }

  muxer.onData = data => {
    reading = true

    try {
      onData.call(muxer, data)
    } finally {
      reading = false

      if (opened.length > 0) {
        for (const event of opened.splice(0)) {
          negotiate(event.detail, registrar, canWait, warnMissing)
          safeDispatchEvent.call(muxer, 'stream', event)
        }
      }
    }
  }
}

function negotiate (stream: NegotiatedStream, registrar: ProtocolRegistrar, canWait: (send: () => void) => void, warnMissing: WarnMissing): void {
  const { readBuffer } = stream

  if (readBuffer == null) {
    warnMissing('@libp2p/yamux', 'readBuffer of a stream', 'libp2p negotiates the protocol of each stream, which takes more CPU')

    return
  }

  const start = readBuffer.subarray(0, Math.min(readBuffer.byteLength, GREETING.length + ONE_BYTE))
  const end = GREETING.length + 1 + start[GREETING.length]
  // if nothing follows, reading the protocol ends the stream, which libp2p must notice itself
  const isOver = stream.remoteWriteStatus === 'closed' && readBuffer.byteLength === end

  if (stream.status !== 'open' || isOver || !(end <= start.length) || start[end - 1] !== NEWLINE || !GREETING.every((byte, i) => start[i] === byte)) {
    return
  }

  const protocol = String.fromCharCode(...start.subarray(GREETING.length + 1, end - 1))

  if (isHandled(protocol, registrar)) {
    readBuffer.consume(end)
    stream.protocol = protocol
    const answer = (): void => { stream.send(start.subarray(0, end)) }

    // a peer that has already sent more does not wait for the answer
    if (readBuffer.byteLength > 0) {
      canWait(answer)
    } else {
      answer()
    }
  }
}

function isHandled (protocol: string, registrar: ProtocolRegistrar): boolean {
  try {
    registrar.getHandler(protocol)

    return true
  } catch {
    return false
  }
}
