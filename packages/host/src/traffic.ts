import type { MultiaddrConnection } from '@libp2p/interface'
import type { Socket } from 'node:net'

/** The progress of the transfer over a socket. */
export interface Progress {
  /** Bytes or messages received from the peer: it changes whenever anything arrives. */
  readonly received: number
  /** Bytes that the kernel has accepted. */
  readonly taken: number
  /** Bytes that the kernel has not accepted yet. */
  readonly waiting: number
}

/** Reads the {@link Progress} of sockets. */
export interface Traffic {
  /** Begins to count. Call it before the socket is upgraded to a connection. */
  follow (connection: MultiaddrConnection): void
  /** The progress of this connection's socket; undefined if it is not followed. Takes the connection before or after its upgrade. */
  of (connection: Pick<MultiaddrConnection, 'timeline'>): Progress | undefined
}

/**
 * Counts the traffic of a host's sockets. libp2p does not expose the socket of a
 * connection, but both share the same timeline object, which is the key here.
 *
 * The socket fields are not part of the connection's interface. If they are
 * missing, all data counts as taken at once.
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
