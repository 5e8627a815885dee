import { Uint8ArrayList } from 'uint8arraylist'
import type { MessageStream } from '@libp2p/interface'

/** Sent without waiting for the end of the turn: enough to fill four noise frames. */
const FULL = 256 << 10

// one immediate serves all connections: what a router sends in answer to what was
// read in this turn then leaves in this turn, whichever connection it leaves by
const waiting = new Set<() => void>()

function atEndOfTurn (flush: () => void): void {
  if (waiting.size === 0) {
    setImmediate(() => {
      const flushes = [...waiting]
      waiting.clear()
      for (const flush of flushes) {
        flush()
      }
    })
  }
  waiting.add(flush)
}

/**
 * Gathers what is sent over an encrypted connection during a turn of the event
 * loop into one send. yamux sends a frame of 12 bytes for each that it reads, and
 * several for each stream that is opened; by themselves they become a noise
 * frame each, with a cipher, a tag and a length of its own.
 *
 * @param connection - what the muxer writes to
 * @param transport - what the connection writes to; closing it sends what was gathered first
 */
export function batchSends (connection: MessageStream, transport: MessageStream): void {
  const send = connection.send.bind(connection)
  const close = transport.close.bind(transport)
  let gathered = new Uint8ArrayList()

  function flush (): boolean {
    const data = gathered
    gathered = new Uint8ArrayList()

    return data.byteLength === 0 || connection.status !== 'open' || send(data)
  }

  function endOfTurn (): void {
    try {
      flush()
    } catch (err) {
      connection.abort(err as Error)
    }
  }

  connection.send = data => {
    if (connection.status !== 'open') {
      // throws
      return send(data)
    }

    gathered.append(data)

    if (gathered.byteLength >= FULL) {
      return flush()
    }
    atEndOfTurn(endOfTurn)

    return !connection.writableNeedsDrain
  }

  transport.close = async options => {
    endOfTurn()
    await close(options)
  }
}
