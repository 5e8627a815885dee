import { AbstractMultiaddrConnection } from '@libp2p/utils'
import { Uint8ArrayList } from 'uint8arraylist'
import type { AbortOptions, Logger } from '@libp2p/interface'
import type { SendResult } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'

/** The server's half of a WebSocketPair, as far as it is used. */
export interface WorkerdSocket {
  binaryType?: string
  accept (): void
  send (data: ArrayBuffer | ArrayBufferView): void
  close (code?: number, reason?: string): void
  addEventListener (type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener (type: 'close' | 'error', listener: () => void): void
}

/** The code that tells the other end of a WebSocket that an error occurred here. */
const INTERNAL_ERROR = 1011

/**
 * A WebSocket of workerd as a connection of libp2p. The one of `@libp2p/websockets` does not
 * work there: workerd does not say how much sent data still waits, so this connection never
 * asks its user to pause. The muxer bounds the data that a peer does not read, see `unread.ts`.
 */
export class SocketConnection extends AbstractMultiaddrConnection {
  /** The socket as the host sees it, which counts its messages. `bufferedAmount` is not known. */
  readonly websocket: Pick<WorkerdSocket, 'addEventListener'> & { readonly bufferedAmount: 0 }
  readonly #socket: WorkerdSocket

  constructor (socket: WorkerdSocket, remoteAddr: Multiaddr, log: Logger) {
    super({ remoteAddr, direction: 'inbound', log })
    this.#socket = socket
    this.websocket = { bufferedAmount: 0, addEventListener: (type: never, listener: never) => { socket.addEventListener(type, listener) } }
    // from compatibility date 2026-03-17 on, messages would be blobs by default
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer) {
        this.onData(new Uint8Array(data))
      } else {
        this.abort(new Error('a message is not binary'))
      }
    })
    socket.addEventListener('close', () => {
      this.#end()
      this.onTransportClosed()
    })
    socket.addEventListener('error', () => { this.onRemoteReset() })
  }

  /** Sends all data as one message, since each message has a cost. workerd reads the bytes only when it writes them to the socket, so they must not be changed any more. */
  override sendData (data: Uint8ArrayList): SendResult {
    this.#socket.send(data.subarray())

    return { sentBytes: data.byteLength, canSendMore: true }
  }

  override sendReset (): void {
    this.#end(INTERNAL_ERROR)
  }

  override async sendClose (options?: AbortOptions): Promise<void> {
    this.#end()
    options?.signal?.throwIfAborted()
  }

  override sendPause (): void {
    // a WebSocket of workerd cannot be paused
  }

  override sendResume (): void {
    // it was never paused
  }

  #end (code?: number): void {
    try {
      this.#socket.close(code)
    } catch {
      // it is closed
    }
  }
}
