import { connect } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { createWireHost } from '../wire-host.ts'
import type { MessageStream } from '@libp2p/interface'

/** yamux: types of frames, and their flags. */
export const DATA = 0
export const WINDOW_UPDATE = 1
export const PING = 2
export const SYN = 1
export const RST = 8

/** A yamux frame. `length` is what its header declares. */
export function yamuxFrame (type: number, flag: number, streamID: number, length: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const frame = Buffer.alloc(12 + data.byteLength)
  frame[1] = type
  frame.writeUInt16BE(flag, 2)
  frame.writeUInt32BE(streamID, 4)
  frame.writeUInt32BE(length, 8)
  frame.set(data, 12)

  return frame
}

/** The same again and again. */
export function endless (count: number, data: Uint8Array): Uint8Array {
  return Buffer.alloc(count * data.byteLength, data)
}

export function joined (count: number, make: () => Uint8Array): Uint8Array {
  return Buffer.concat(Array.from({ length: count }, make))
}

/** What sends bytes, and its end. */
export interface RawConnection {
  readonly sender: { send (data: Uint8Array): boolean, readonly status: string }
  stop (): Promise<void>
}

/** An encrypted connection, below whose muxer anything can be sent. */
export async function rawConnection (address: string): Promise<RawConnection> {
  const host = await createWireHost()
  const connection = await host.dial(multiaddr(address))
  const { muxer } = connection as unknown as { muxer: { maConn: MessageStream } }

  return { sender: muxer.maConn, stop: async () => host.stop() }
}

const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
const MULTISTREAM = Buffer.from('\x13/multistream/1.0.0\n', 'latin1')

/** What carries data on a socket: a WebSocket message whose mask is zero, or nothing. */
export function carried (transport: 'tcp' | 'ws', data: Uint8Array): Uint8Array {
  return transport === 'tcp' ? data : Buffer.concat([Uint8Array.of(0x82, 0xfe, data.length >> 8, data.length & 255, 0, 0, 0, 0), data])
}

/** A socket on which nothing is encrypted. */
export async function openSocket (address: string, transport: 'tcp' | 'ws', localAddress?: string): Promise<{ sender: RawConnection['sender'], stop (): void }> {
  const port = Number(multiaddr(address).getComponents().find(({ name }) => name === 'tcp')?.value)
  const socket = connect({ host: '127.0.0.1', port, ...(localAddress == null ? {} : { localAddress }) })
  let status = 'open'
  socket.on('error', () => {})
  socket.on('close', () => { status = 'closed' })
  socket.resume()
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('close', () => { reject(new Error('refused')) })
  })

  if (transport === 'ws') {
    socket.write(UPGRADE)
    await new Promise(resolve => { setTimeout(resolve, 50) })
  }

  return {
    sender: { send: data => socket.write(data), get status () { return status } },
    stop () { socket.destroy() }
  }
}

/** Proposals of protocols that nobody speaks. */
export function proposals (transport: 'tcp' | 'ws'): () => Uint8Array {
  const some = carried(transport, endless(4000, Buffer.from('\x03na\n', 'latin1')))
  let first = true

  return () => {
    const data = first ? carried(transport, MULTISTREAM) : some
    first = false

    return data
  }
}
