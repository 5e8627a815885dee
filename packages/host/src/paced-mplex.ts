import { mplex } from '@libp2p/mplex'
import { FloodError } from './errors.ts'
import { hookMuxers } from './muxer-hook.ts'
import { isPaceable, paceFrames } from './paced-frames.ts'
import type { Frames, MuxerParts } from './paced-frames.ts'
import type { WarnMissing } from './warn.ts'
import type { WorkShares } from './work-shares.ts'
import type { StreamMuxer, StreamMuxerFactory, StreamMuxerOptions } from '@libp2p/interface'
import type { MplexInit } from '@libp2p/mplex'
import type { Uint8ArrayList } from 'uint8arraylist'

interface MplexMessage {
  readonly type: number
  readonly data?: { readonly byteLength: number }
}

/** The fields of libp2p's mplex that this module uses. */
interface MplexParts extends MuxerParts {
  readonly decoder?: { write? (data: Uint8Array | Uint8ArrayList): MplexMessage[] }
  handleMessage? (message: MplexMessage): void
}

type MplexMuxer = StreamMuxer & Required<MplexParts> & { readonly decoder: { write (data: Uint8Array | Uint8ArrayList): MplexMessage[] } }

const NEW_STREAM = 0
/** The weight of opening a stream, as in yamux: its protocol is negotiated afterwards. */
const STREAM_WEIGHT = 16
/** How much memory a message takes in addition to its data, bytes. */
const OVERHEAD = 128
/** The most streams of one connection: mplex has no limit, and searches all streams for each message and each end. */
const MAX_STREAMS = 1_000

/** libp2p's mplex with a share of the event loop for each connection. If the fields that it uses are missing, messages are handled as in libp2p. */
export function pacedMplex (init: MplexInit & Pick<StreamMuxerOptions, 'maxEarlyStreams'>, shares: WorkShares, warnMissing: WarnMissing): () => StreamMuxerFactory {
  const create = mplex(init)

  return () => hookMuxers(create(), muxer => { paceMplex(muxer, shares, warnMissing) })
}

/** Paces a muxer that has not received anything yet, if it has the fields that this module uses. */
export function paceMplex (muxer: StreamMuxer, shares: WorkShares, warnMissing: WarnMissing): void {
  if (isMplex(muxer)) {
    paceFrames(muxer, new MplexFrames(muxer), shares)
  } else {
    warnMissing('@libp2p/mplex', 'onData, onTransportClosed, onRemoteStream, maConn, decoder.write or handleMessage of a muxer', 'floods of small messages may stall the process')
  }
}

function isMplex (muxer: StreamMuxer & MplexParts): muxer is MplexMuxer {
  return isPaceable(muxer) && typeof muxer.decoder?.write === 'function' && typeof muxer.handleMessage === 'function'
}

class MplexFrames implements Frames {
  readonly blocked = 0
  readonly #muxer: MplexMuxer
  #messages: MplexMessage[] = []
  #next = 0
  #bytes = 0

  constructor (muxer: MplexMuxer) {
    this.#muxer = muxer
  }

  get bytes (): number {
    return this.#bytes
  }

  append (data: Uint8Array | Uint8ArrayList): void {
    for (const message of this.#muxer.decoder.write(data)) {
      this.#messages.push(message)
      this.#bytes += sizeOf(message)
    }
  }

  step (): number {
    if (this.#next === this.#messages.length) {
      this.#messages = []
      this.#next = 0

      return 0
    }

    const message = this.#messages[this.#next]
    const opens = message.type === NEW_STREAM

    if (opens && this.#muxer.streams.length >= MAX_STREAMS) {
      throw new FloodError(`The peer opened more than ${MAX_STREAMS} streams`)
    }

    this.#next++
    this.#bytes -= sizeOf(message)
    this.#muxer.handleMessage(message)

    return opens ? STREAM_WEIGHT : 1
  }

  end (): void {}
}

function sizeOf ({ data }: MplexMessage): number {
  return OVERHEAD + (data?.byteLength ?? 0)
}
