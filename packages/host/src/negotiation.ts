import { FloodError } from './errors.ts'
import type { MessageStream } from '@libp2p/interface'

/** More than any peer needs to agree on a protocol, or on encryption and a muxer. */
const MAX_ANSWERS = 32

/** How much a peer may send before its connection is encrypted and multiplexed, bytes: a handshake, and the data that a quick peer sends right after it. */
const MAX_BYTES = 128 << 10

/** A stream or connection on which a protocol is negotiated. A stream's `protocol` is empty until then. */
type Negotiating = Pick<MessageStream, 'send' | 'abort'> & { readonly protocol?: string }

/** Ends the bound of a connection. Streams have no entry here: their `protocol` shows when the negotiation is over, and there are many of them. */
const ends = new WeakMap<Negotiating, () => void>()

/**
 * Bounds the answers to a peer that proposes protocols. libp2p answers each proposal that it
 * does not know, as long as the peer makes any, and a read of 64 KiB may hold 20,000 of them:
 * `multistream-select` 7.0 loops `while (true)` over the data that has arrived.
 *
 * @param stream - is bounded until its `protocol` is known, or until {@link endNegotiation}
 */
export function boundNegotiation (stream: Negotiating): void {
  const { send } = stream
  let answers = 0

  const bounded: typeof send = data => {
    if (stream.protocol != null && stream.protocol !== '') {
      end()
    } else if (++answers > MAX_ANSWERS) {
      const error = new FloodError(`The peer proposed more than ${MAX_ANSWERS} protocols`)
      stream.abort(error)
      throw error
    }

    return send.call(stream, data)
  }

  function end (): void {
    if (stream.send === bounded) {
      // assign, even if the method was inherited: deleting a property would make the stream a slow object in V8
      stream.send = send
    }
  }

  stream.send = bounded

  if (stream.protocol == null) {
    ends.set(stream, end)
  }
}

/** Call it when the protocols are agreed on: answers are no longer bounded. */
export function endNegotiation (stream: Negotiating): void {
  ends.get(stream)?.()
  ends.delete(stream)
}

/** The method by which libp2p's connections receive data. It is not part of their interface. */
interface Receiving {
  onData? (data: { readonly byteLength: number }): void
}

/** Bounds, until a connection is upgraded, how much the peer sends and how often this host answers. */
export async function boundUpgrade <T> (connection: MessageStream, missing: () => void, upgrade: () => Promise<T>): Promise<T> {
  const receiving = connection as Receiving
  const { onData } = receiving
  boundNegotiation(connection)

  if (onData == null) {
    missing()
  } else {
    let received = 0

    receiving.onData = data => {
      received += data.byteLength

      if (received > MAX_BYTES) {
        connection.abort(new FloodError(`The peer sent more than ${MAX_BYTES} bytes before its connection was encrypted and multiplexed`))
      } else {
        onData.call(connection, data)
      }
    }
  }

  try {
    return await upgrade()
  } finally {
    endNegotiation(connection)

    if (onData != null) {
      // assign, although the method was inherited: deleting a property would make the connection a slow object in V8
      receiving.onData = onData
    }
  }
}
