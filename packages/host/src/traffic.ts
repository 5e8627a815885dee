import type { WarnMissing } from './warn.ts'
import type { MultiaddrConnection } from '@libp2p/interface'

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
  /** The progress of this connection's socket; undefined if it cannot be seen. Takes the connection before or after its upgrade. */
  of (connection: Pick<MultiaddrConnection, 'timeline'>): Progress | undefined
}

/** The fields in which connections of libp2p keep their sockets: one of Node, or a WebSocket. */
interface Sockets {
  readonly socket?: { readonly bytesRead: number, readonly writableLength: number }
  readonly websocket?: { readonly bufferedAmount: number, addEventListener (type: 'message', listener: () => void): void }
}

const EFFECT = 'only answers to pings are signs of life, and slow peers may be disconnected while they transfer'

/**
 * Counts the traffic of a host's sockets. libp2p does not expose the socket of a
 * connection, but both share the same timeline object, which is the key here. The
 * fields `socket` and `websocket` are not part of the connection's interface.
 */
export function trackTraffic (warnMissing: WarnMissing): Traffic {
  const all = new WeakMap<object, () => Progress | undefined>()

  return {
    follow (connection) {
      const { socket, websocket } = connection as Sockets
      const send = connection.send.bind(connection)
      let messages = 0
      let sent = 0

      if (socket?.bytesRead == null && websocket?.bufferedAmount == null) {
        warnMissing('libp2p', 'the socket of a connection', EFFECT)
        all.set(connection.timeline, () => undefined)

        return
      }

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
      if (!all.has(connection.timeline)) {
        warnMissing('libp2p', 'the timeline that a connection shares with its socket', EFFECT)
      }

      return all.get(connection.timeline)?.()
    }
  }
}
