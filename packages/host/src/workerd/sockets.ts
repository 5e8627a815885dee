import { transportSymbol } from '@libp2p/interface'
import { TypedEventEmitter } from 'main-event'
import { NotListeningError } from '../errors.ts'
import { SocketConnection } from './socket-connection.ts'
import type { WorkerdSocket } from './socket-connection.ts'
import type { ComponentLogger, Listener, ListenerEvents, Transport, Upgrader } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** A transport that opens no sockets: a Worker gets them from requests. */
export interface Sockets {
  transport (components: { logger: ComponentLogger }): Transport
  /**
   * Accepts the server's half of a WebSocketPair, and turns it into a connection. Resolves when
   * the connection is encrypted and multiplexed. `ended` is called once, when the connection
   * has ended, even if it never came that far.
   *
   * @throws {NotListeningError} the host has not been started, or has been stopped
   */
  accept (socket: WorkerdSocket, remoteAddr: Multiaddr, ended?: () => void): Promise<void>
}

/** Creates the transport of one host. */
export function createSockets (): Sockets {
  let upgrader: Upgrader | undefined
  let loggers: ComponentLogger | undefined

  return {
    transport ({ logger }) {
      loggers = logger

      return {
        [Symbol.toStringTag]: '@kitsune/host/workerd',
        [transportSymbol]: true,
        listenFilter: addresses => addresses,
        dialFilter: () => [],
        async dial () { throw new NotListeningError('a host in a Worker cannot dial peers') },
        createListener (options) {
          upgrader = options.upgrader

          return new SocketListener(() => { upgrader = undefined })
        }
      }
    },

    async accept (socket, remoteAddr, ended) {
      if (upgrader == null || loggers == null) {
        throw new NotListeningError('start the host before it accepts sockets')
      }

      const connection = new SocketConnection(socket, remoteAddr, loggers.forComponent('kitsune:socket'))
      connection.addEventListener('close', () => { ended?.() }, { once: true })
      const signal = upgrader.createInboundAbortSignal(new AbortController().signal)

      try {
        // begin the upgrade first, since the first message may arrive as soon as the socket is accepted
        const upgraded = upgrader.upgradeInbound(connection, { signal })
        socket.accept()
        await upgraded
      } catch (err) {
        connection.abort(err as Error)
        throw err
      } finally {
        signal.clear()
      }
    }
  }
}

/** libp2p passes its upgrader to a listener. This one never listens, and has no addresses. */
class SocketListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #closed: () => void

  constructor (closed: () => void) {
    super()
    this.#closed = closed
  }

  async listen (): Promise<void> {
    this.safeDispatchEvent('listening')
  }

  async close (): Promise<void> {
    this.#closed()
    this.safeDispatchEvent('close')
  }

  getAddrs (): Multiaddr[] {
    return []
  }

  updateAnnounceAddrs (): void {}
}
