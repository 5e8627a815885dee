/** Floods below the muxer: frames of yamux, and messages of noise. */
import { DATA, PING, repeated, RST, SYN, WINDOW_UPDATE, yamuxFrame } from '@kitsune/host/testing'
import { createWirePeer } from '../wire-peer.ts'
import { pour, repeat } from './flood.ts'
import { rawConnection } from './raw.ts'
import type { Flood, FloodKind } from './flood.ts'

const MB = 1_000_000
const MiB = 1 << 20

/** Sends frames that no muxer has made. */
function unmuxed (rate: number, next: () => () => Uint8Array, { connections = 1 } = {}): FloodKind['run'] {
  return async flood => {
    await Promise.all(Array.from({ length: connections }, async () => {
      // a client that was disconnected comes back
      await repeat(flood, { count: 50 }, async () => {
        const { sender, stop } = await rawConnection(flood.address)
        await pour(flood, sender, rate, next())
        await stop()
      })
    }))
  }
}

/** Repeats the same piece. */
function always (bytes: Uint8Array): () => () => Uint8Array {
  return () => () => bytes
}

/** A data frame that declares this length, followed by endless data. */
function declared (length: number): () => () => Uint8Array {
  return () => {
    let first = true

    return () => {
      const piece = first ? yamuxFrame(DATA, 0, 99_999, length, new Uint8Array(MiB)) : new Uint8Array(MiB)
      first = false

      return piece
    }
  }
}

let streamId = 100_001

/** Opens streams, and sends a frame on each but the first of a connection, which stays open. */
function opened (then: (id: number) => Uint8Array): () => () => Uint8Array {
  return () => {
    let isFirst = true

    return () => Buffer.concat(Array.from({ length: 500 }, () => {
      streamId += 2
      const open = yamuxFrame(WINDOW_UPDATE, SYN, streamId, 0)
      const frames = isFirst ? [open] : [open, then(streamId)]
      isFirst = false

      return Buffer.concat(frames)
    }))
  }
}

/** Sends messages of noise, each of the given number of equal bytes. */
function noiseMessages (rate: number, content: Uint8Array): FloodKind['run'] {
  return async flood => {
    await repeat(flood, { count: 50 }, async () => {
      const { messages, stop } = await rawConnection(flood.address)
      await pour(flood, messages, rate, () => messages.of(2_000, content))
      await stop()
    })
  }
}

async function identifies (flood: Flood): Promise<void> {
  const peer = await createWirePeer()
  const id = await peer.connect(flood.address)
  await repeat(flood, { count: 66_000, parallel: 200 }, async () => {
    const [connection] = peer.connections(id)
    const stream = await connection.newStream('/ipfs/id/1.0.0', { maxOutboundStreams: Infinity, signal: AbortSignal.timeout(2_000) })
    flood.sent(100)
    await stream.close()
  })
  await peer.stop()
}

async function pings (flood: Flood): Promise<void> {
  const peer = await createWirePeer()
  const id = await peer.connect(flood.address)
  await repeat(flood, { count: 10_000 }, async () => {
    const [connection] = peer.connections(id)
    const stream = await connection.newStream('/ipfs/ping/1.0.0', { maxOutboundStreams: Infinity, signal: AbortSignal.timeout(2_000) })
    await pour(flood, stream, 2 * MB, () => new Uint8Array(32 * 500))
  })
  await peer.stop()
}

/** The floods of frames that a balancer must survive. */
export const MUXER_FLOODS: readonly FloodKind[] = [
  { name: 'frames of 4 GiB for no stream', both: true, run: unmuxed(40 * MB, declared(0xffffffff), { connections: 4 }) },
  { name: 'frames of 1 MiB for no stream', run: unmuxed(40 * MB, always(yamuxFrame(DATA, 0, 99_999, MiB, new Uint8Array(MiB))), { connections: 4 }) },
  { name: 'yamux pings, 1 MB/s', run: unmuxed(MB, always(repeated(1000, yamuxFrame(PING, SYN, 0, 1)))) },
  { name: 'yamux pings, 3 MB/s', both: true, run: unmuxed(3 * MB, always(repeated(3000, yamuxFrame(PING, SYN, 0, 1)))) },
  { name: 'window updates, 3 MB/s', both: true, run: unmuxed(3 * MB, always(repeated(3000, yamuxFrame(WINDOW_UPDATE, 0, 99_999, 1)))) },
  { name: 'noise messages without content, 3 MB/s', run: noiseMessages(3 * MB, new Uint8Array(0)) },
  { name: 'noise messages of one byte, 3 MB/s', run: noiseMessages(3 * MB, new Uint8Array(1)) },
  { name: 'ping protocol, 2 MB/s', run: pings },
  { name: 'streams opened and reset', both: true, run: unmuxed(3 * MB, opened(id => yamuxFrame(WINDOW_UPDATE, RST, id, 0))) },
  { name: 'streams opened and kept', run: unmuxed(3 * MB, opened(() => new Uint8Array(0))) },
  { name: 'identify streams', run: identifies }
]
