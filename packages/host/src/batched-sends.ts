import { Uint8ArrayList } from 'uint8arraylist'
import { endOfTick as sharedEndOfTick } from './end-of-tick.ts'
import type { EndOfTick } from './end-of-tick.ts'
import type { MessageStream } from '@libp2p/interface'

/** This much data is sent before the end of the tick: enough to fill four noise frames. */
const FULL = 256 << 10

/** How long unhurried data waits for other data, ms: the shortest time that a timer has. */
const LINGER = 1

// one timer, which runs only while something lingers
const lingering = new Set<() => void>()

function afterAWhile (flush: () => void): void {
  if (lingering.size === 0) {
    setTimeout(() => {
      const flushes = [...lingering]
      lingering.clear()

      for (const flush of flushes) {
        flush()
      }
    }, LINGER)
  }

  lingering.add(flush)
}

const unhurried = new WeakMap<MessageStream, (data: Uint8Array | Uint8ArrayList) => void>()

/**
 * Sends data for which the peer does not wait: it leaves with the next data on that connection,
 * or a millisecond later. Returns false, and sends nothing, if sends of the connection are not
 * batched.
 */
export function sendUnhurried (connection: MessageStream, data: Uint8Array | Uint8ArrayList): boolean {
  const send = unhurried.get(connection)
  send?.(data)

  return send != null
}

/**
 * Combines everything that is sent over an encrypted connection during a tick of
 * the event loop into one send. yamux sends a frame of 12 bytes for each frame that
 * it reads, and several for each stream that is opened; each of them would become a
 * separate noise frame, with its own cipher, tag and length.
 *
 * @param connection - the muxer writes to it
 * @param transport - the connection writes to it; closing it first sends the gathered data
 * @param endOfTick - default: one for the whole process
 */
export function batchSends (connection: MessageStream, transport: MessageStream, endOfTick: EndOfTick = sharedEndOfTick): void {
  const send = connection.send.bind(connection)
  const close = transport.close.bind(transport)
  let gathered = new Uint8ArrayList()

  function flush (): boolean {
    const data = gathered
    gathered = new Uint8ArrayList()

    return data.byteLength === 0 || connection.status !== 'open' || send(data)
  }

  function leave (): boolean {
    try {
      return flush()
    } catch (err) {
      connection.abort(err as Error)

      return false
    }
  }

  connection.send = data => {
    if (connection.status !== 'open') {
      return false
    }

    gathered.append(data)

    if (gathered.byteLength >= FULL) {
      return leave()
    }

    endOfTick.send(leave)

    return !connection.writableNeedsDrain
  }

  // the process has a single timer for all connections, as it has a single end of tick
  if (endOfTick === sharedEndOfTick) {
    unhurried.set(connection, data => {
      gathered.append(data)
      afterAWhile(leave)
    })
  }

  transport.close = async options => {
    leave()
    await close(options)
  }
}
