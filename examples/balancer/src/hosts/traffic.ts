import type { MultiaddrConnection } from '@libp2p/interface'
import type { Socket } from 'node:net'

/** How far the transfer over a socket has got. */
export interface Progress {
  /** Bytes or messages that have come from the peer: it changes whenever anything does. */
  readonly received: number
  /** Bytes that the kernel has taken. */
  readonly taken: number
  /** Bytes that the kernel has not taken yet. */
  readonly waiting: number
}

/** Reads the {@link Progress} of sockets. */
export interface Traffic {
  /** Begins to count. Call it before the socket is upgraded to a connection. */
  follow (connection: MultiaddrConnection): void
  /** The progress of what this connection, or the one it was upgraded to, runs over; undefined for one that is not followed. */
  of (connection: Pick<MultiaddrConnection, 'timeline'>): Progress | undefined
}

/**
 * Counts what passes the sockets of a host. libp2p shows no socket of a
 * connection; what both have in common is the object of their timeline.
 *
 * The sockets read here are not part of the connection's interface. Where they
 * are missing, everything counts as taken at once.
 */
export function trackTraffic (): Traffic {
  const all = new WeakMap<object, () => Progress>()

  return {
    follow (connection) {
      const { socket, websocket } = connection as { socket?: Socket, websocket?: WebSocket }
      const send = connection.send.bind(connection)
      let messages = 0
      let sent = 0

      websocket?.addEventListener('message', () => { messages++ })
      connection.send = data => {
        sent += data.byteLength

        return send(data)
      }

      all.set(connection.timeline, () => {
        const waiting = connection.writeBufferLength + (socket?.writableLength ?? websocket?.bufferedAmount ?? 0)

        return { received: socket?.bytesRead ?? messages, taken: sent - waiting, waiting }
      })
    },

    of (connection) {
      return all.get(connection.timeline)?.()
    }
  }
}
