import { connect } from 'node:net'
import { repeated, unmuxed } from '@kitsune/host/testing'
import { multiaddr } from '@multiformats/multiaddr'
import { createWireHost } from '../wire-host.ts'
import type { Transport } from './flood.ts'
import type { MessageStream } from '@libp2p/interface'
import type { Socket } from 'node:net'
import type { Uint8ArrayList } from 'uint8arraylist'

/** A sender of bytes, which can end. */
interface Sender {
  send (data: Uint8Array): boolean
  readonly status: string
}

/** A connection on which a test sends bytes that no peer sends. */
export interface RawConnection {
  /** Sends bytes encrypted. */
  readonly sender: Sender
  /** Sends bytes as they are: `of` makes several messages of noise with the same content, which must be sent at once. */
  readonly messages: Sender & { of (count: number, content: Uint8Array): Uint8Array }
  stop (): Promise<void>
}

/** Fields of libp2p's noise connection that are not part of its interface. */
interface Encrypted {
  readonly handshake: { encrypt (plaintext: Uint8Array): Uint8Array | Uint8ArrayList }
  readonly stream: MessageStream
}

/** An encrypted connection, on which anything can be sent below the muxer. */
export async function rawConnection (address: string): Promise<RawConnection> {
  const host = await createWireHost()
  const connection = await host.dial(multiaddr(address))
  const sender = unmuxed(connection)
  const { handshake, stream } = sender as unknown as Encrypted
  const length = (bytes: number): Uint8Array => Uint8Array.of(bytes >> 8, bytes & 255)

  return {
    sender,
    messages: {
      of: (count, content) => Buffer.concat(Array.from({ length: count }, () => {
        const message = handshake.encrypt(content).subarray()

        return Buffer.concat([length(message.byteLength), message])
      })),
      send: data => stream.send(data),
      get status () { return stream.status }
    },
    stop: async () => host.stop()
  }
}

const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
const MULTISTREAM = Buffer.from('\x13/multistream/1.0.0\n', 'latin1')

/** The framing of data on a socket: a WebSocket message whose mask is zero, or nothing. */
export function carried (transport: Transport, data: Uint8Array): Uint8Array {
  return transport === 'tcp' ? data : Buffer.concat([Uint8Array.of(0x82, 0xfe, data.length >> 8, data.length & 255, 0, 0, 0, 0), data])
}

/** A socket on which nothing is encrypted. */
export async function openSocket (address: string, transport: Transport, localAddress?: string): Promise<{ sender: Sender, stop (): void }> {
  const port = Number(multiaddr(address).getComponents().find(({ name }) => name === 'tcp')?.value)
  const socket = connect({ host: '127.0.0.1', port, ...(localAddress == null ? {} : { localAddress }) })
  let status = 'open'
  socket.on('error', () => {})
  socket.on('close', () => { status = 'closed' })
  await first(socket, 'connect')

  if (transport === 'ws') {
    socket.write(UPGRADE)
    // the answer to it
    await first(socket, 'data')
  }

  socket.resume()

  return {
    sender: { send: data => socket.write(data), get status () { return status } },
    stop () { socket.destroy() }
  }
}

async function first (socket: Socket, event: 'connect' | 'data'): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once(event, () => { resolve() })
    socket.once('close', () => { reject(new Error('refused')) })
  })
}

/** Proposals of protocols that do not exist. */
export function proposals (transport: Transport): () => Uint8Array {
  const some = carried(transport, repeated(4000, Buffer.from('\x03na\n', 'latin1')))
  let first = true

  return () => {
    const data = first ? carried(transport, MULTISTREAM) : some
    first = false

    return data
  }
}
