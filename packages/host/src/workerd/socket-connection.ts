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

/** An error on our side, to the other end of a WebSocket. */
const INTERNAL_ERROR = 1011

/**
 * A WebSocket of workerd as libp2p's connection. `@libp2p/websockets` has one, too, which does not work there: workerd does
 * not tell how much of what was sent is still waiting, so nothing here ever asks to pause. What a peer does not read is bounded
 * by the muxer, see `unread.ts`.
 */
export class SocketConnection extends AbstractMultiaddrConnection {
  /** What the host reads traffic from. `bufferedAmount` is not known. */
  readonly websocket: Pick<WorkerdSocket, 'addEventListener'> & { readonly bufferedAmount: 0 }
  readonly #socket: WorkerdSocket

  constructor (socket: WorkerdSocket, remoteAddr: Multiaddr, log: Logger) {
    super({ remoteAddr, direction: 'inbound', log })
    this.#socket = socket
    this.websocket = { bufferedAmount: 0, addEventListener: (type: never, listener: never) => { socket.addEventListener(type, listener) } }
    // from compatibility date 2026-03-17 on it would be blobs
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

  /** One message for all, since each has a price. workerd reads the bytes when it writes them to the socket: they must not be changed any more. */
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
    // what a WebSocket receives cannot be held back
  }

  override sendResume (): void {
    // nor let go on
  }

  #end (code?: number): void {
    try {
      this.#socket.close(code)
    } catch {
      // it is closed
    }
  }
}
