import { encodeFrame } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { createWirePeer, wantEntry } from '../wire-peer.ts'
import { pour, repeat } from './flood.ts'
import { DATA, endless, joined, openSocket, PING, proposals, rawConnection, RST, SYN, WINDOW_UPDATE, yamuxFrame } from './raw.ts'
import type { Flood } from './flood.ts'
import type { Outgoing } from '@kitsune/bitswap-codec'
import type { Stream } from '@libp2p/interface'

const V1_2 = '/ipfs/bitswap/1.2.0'
const MB = 1_000_000
const MiB = 1 << 20

/** What is sent, by whom and how fast. */
export interface FloodKind {
  readonly name: string
  /** It says itself when its clients have connected, and the flood begins. Default false. */
  readonly prepares?: boolean
  /** What its clients may make the balancer hold while they are connected, as the limits of each allow, bytes. Default 0. */
  readonly holds?: number
  run (flood: Flood): Promise<void>
}

let serial = 0

/** CIDs that nobody has, each another. */
export function freshCid (): CID {
  const digest = Buffer.alloc(32)
  digest.writeDoubleBE(++serial)
  digest.writeUInt32BE(process.pid, 8)

  return CID.createV1(0x55, Digest.create(0x12, digest))
}

function frame (message: Outgoing): Uint8Array {
  return Buffer.concat(encodeFrame(message, V1_2))
}

function freshWants (count: number, full = false): Uint8Array {
  return frame({ full, wants: Array.from({ length: count }, () => wantEntry(freshCid(), { type: 'have', sendDontHave: true })) })
}

/** A client with one stream on which a flood is poured. */
async function client (address: string, reads = true): Promise<{ stream: Stream, stop (): Promise<void> }> {
  const peer = await createWirePeer({ reads, keeps: false })
  const id = await peer.connect(address)

  return { stream: await peer.openStream(id), stop: async () => peer.stop() }
}

/** It is not handshakes that are to be simultaneous. */
async function inBatches <T> (count: number, make: () => Promise<T>): Promise<T[]> {
  const all: T[] = []

  while (all.length < count) {
    all.push(...await Promise.all(Array.from({ length: Math.min(10, count - all.length) }, make)))
  }

  return all
}

/** Pours the same from so many clients at once, each at its share of the rate. */
function clients (count: number, rate: number, next: () => Uint8Array, reads = true): FloodKind['run'] {
  return async flood => {
    const all = await inBatches(count, async () => client(flood.tcp, reads))
    flood.begin()
    await Promise.all(all.map(async ({ stream }) => pour(flood, stream, rate / count, next)))
    await Promise.all(all.map(async ({ stop }) => stop()))
  }
}

/** Pours frames that no muxer has made. */
function unmuxed (transport: 'tcp' | 'ws', rate: number, next: () => Uint8Array, { connections = 1 } = {}): FloodKind['run'] {
  return async flood => {
    await Promise.all(Array.from({ length: connections }, async () => {
      // one that was ended comes back
      await repeat(flood, { count: 50 }, async () => {
        const { sender, stop } = await rawConnection(flood[transport])
        await pour(flood, sender, rate, next)
        await stop()
      })
    }))
  }
}

const identityWants = frame({
  wants: Array.from({ length: 1024 }, (_, i) => wantEntry(CID.createV1(0x55, Digest.create(0, i % 2 === 0 ? new Uint8Array(0) : Uint8Array.of(i >> 1 & 255)))))
})

let streamId = 100_001

function resets (): Uint8Array {
  return joined(500, () => {
    streamId += 2
    return Buffer.concat([yamuxFrame(WINDOW_UPDATE, SYN, streamId, 0), yamuxFrame(WINDOW_UPDATE, RST, streamId, 0)])
  })
}

/** The declared length of four gigabytes comes once. */
function declared (): () => Uint8Array {
  let first = true

  return () => {
    const piece = first ? yamuxFrame(DATA, 0, 99_999, 0xffffffff, new Uint8Array(MiB)) : new Uint8Array(MiB)
    first = false

    return piece
  }
}

async function identifies (flood: Flood): Promise<void> {
  const peer = await createWirePeer()
  const id = await peer.connect(flood.tcp)
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
  const id = await peer.connect(flood.tcp)
  await repeat(flood, { count: 10_000 }, async () => {
    const [connection] = peer.connections(id)
    const stream = await connection.newStream('/ipfs/ping/1.0.0', { maxOutboundStreams: Infinity, signal: AbortSignal.timeout(2_000) })
    await pour(flood, stream, 2 * MB, () => new Uint8Array(32 * 500))
  })
  await peer.stop()
}

function beforeHandshake (transport: 'tcp' | 'ws'): FloodKind['run'] {
  return async flood => {
    await repeat(flood, { count: 1000, parallel: 4 }, async () => {
      const { sender, stop } = await openSocket(flood[transport], transport)
      await pour(flood, sender, MB / 4, proposals(transport))
      stop()
      // a refused one comes back, but not in a busy loop
      await flood.rest(100)
    })
  }
}

async function silent (flood: Flood): Promise<void> {
  const stops: Array<() => void> = []
  await repeat(flood, { count: 10_000, parallel: 10, perSecond: 200 }, async () => {
    const { stop } = await openSocket(flood.tcp, 'tcp', '127.0.0.2')
    stops.push(stop)
    flood.sent(1)
  })
  stops.forEach(stop => { stop() })
}

async function slowReaders (flood: Flood): Promise<void> {
  const peers = await inBatches(200, async () => {
    const peer = await createWirePeer({ reads: false })
    const id = await peer.connect(flood.tcp)
    const stream = await peer.openStream(id)
    const wants = frame({ wants: slowBlocks.map(cid => wantEntry(cid)) })
    stream.send(wants)
    flood.sent(wants.byteLength)

    return peer
  })
  flood.begin()
  await flood.rest(Infinity)
  await Promise.all(peers.map(async peer => peer.stop()))
}

/** The 25 MiB that slow readers want: they are set by what starts the flood. */
export const slowBlocks: CID[] = []

async function identities (flood: Flood): Promise<void> {
  const stops: Array<() => Promise<void>> = []
  flood.begin()
  await repeat(flood, { count: 2_000, parallel: 10 }, async () => {
    const { stop } = await rawConnection(flood.tcp)
    stops.push(stop)
    flood.sent(1)
  })
  await flood.rest(Infinity)
  await Promise.all(stops.map(async stop => stop()))
}

/** All floods, by the name under which they are asked for. */
export const FLOODS: readonly FloodKind[] = [
  { name: 'identity wants, replies not read', prepares: true, run: clients(1, 10 * MB, () => identityWants, false) },
  { name: 'frames of 4 GiB for no stream', run: async flood => Promise.all(Array.from({ length: 4 }, async () => unmuxed('tcp', 40 * MB, declared())(flood))).then(() => {}) },
  { name: 'yamux pings, 1 MB/s', run: unmuxed('tcp', MB, () => endless(1000, yamuxFrame(PING, SYN, 0, 1))) },
  { name: 'yamux pings, 3 MB/s', run: unmuxed('tcp', 3 * MB, () => endless(3000, yamuxFrame(PING, SYN, 0, 1))) },
  { name: 'yamux pings, 3 MB/s, WebSocket', run: unmuxed('ws', 3 * MB, () => endless(3000, yamuxFrame(PING, SYN, 0, 1))) },
  { name: 'window updates, 3 MB/s', run: unmuxed('tcp', 3 * MB, () => endless(3000, yamuxFrame(WINDOW_UPDATE, 0, 99_999, 1))) },
  { name: 'ping protocol, 2 MB/s', run: pings },
  { name: 'streams opened and reset', run: unmuxed('tcp', 3 * MB, resets) },
  { name: 'streams opened and reset, WebSocket', run: unmuxed('ws', 3 * MB, resets) },
  { name: 'identify streams', run: identifies },
  { name: 'proposals before a handshake', run: beforeHandshake('tcp') },
  { name: 'proposals before a handshake, WebSocket', run: beforeHandshake('ws') },
  { name: 'silent sockets, 200 a second', run: silent },
  { name: '2,000 idle identities', prepares: true, run: identities },
  { name: 'frames of empty blocks', prepares: true, run: clients(1, 5 * MB, bigFrame([0x12, 0])) },
  { name: 'empty frames', prepares: true, run: clients(1, 2 * MB, () => new Uint8Array(64 << 10)) },
  { name: 'fresh want-haves, 1 client', prepares: true, run: clients(1, 2.3 * MB, () => freshWants(1024)) },
  { name: 'fresh want-haves, 5 clients', prepares: true, run: clients(5, 2.3 * MB, () => freshWants(1024)) },
  { name: 'fresh want-haves, 200 clients', prepares: true, holds: 192 * MiB, run: clients(200, 2.3 * MB, () => freshWants(1024)) },
  { name: 'full lists back and forth', prepares: true, run: clients(1, 5 * MB, alternating()) },
  { name: 'slow readers', prepares: true, holds: 128 * MiB, run: slowReaders }
]

/** A message of 4 MiB of the same item. */
function bigFrame (item: readonly number[]): () => Uint8Array {
  const body = Buffer.alloc(4_194_304, Uint8Array.from(item))
  const whole = Buffer.concat([Uint8Array.of(0x80, 0x80, 0x80, 0x02), body])

  return () => whole
}

function alternating (): () => Uint8Array {
  const lists = [freshWants(1024, true), freshWants(1024, true)]
  let next = 0

  return () => lists[next++ % 2]
}
