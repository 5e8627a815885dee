/** Floods of bitswap messages. */
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { createWirePeer, wantEntry } from '../wire-peer.ts'
import { inBatches, pour, repeat } from './flood.ts'
import { frame, freshCid, freshWants } from './messages.ts'
import type { Flood, FloodKind } from './flood.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'
import type { Stream } from '@libp2p/interface'

const MB = 1_000_000
const MiB = 1 << 20

/** A client with one stream, on which it sends a flood. */
async function client (address: string, reads = true): Promise<{ stream: Stream, stop (): Promise<void> }> {
  const peer = await createWirePeer({ reads, keeps: false })
  const id = await peer.connect(address)

  return { stream: await peer.openStream(id), stop: async () => peer.stop() }
}

/** Sends the same flood from several clients at once, each at its share of the rate. */
function clients (count: number, rate: number, next: () => Uint8Array, reads = true): FloodKind['run'] {
  return async flood => {
    const all = await inBatches(count, async () => client(flood.address, reads))
    flood.begin()
    await Promise.all(all.map(async ({ stream }) => pour(flood, stream, rate / count, next)))
    await Promise.all(all.map(async ({ stop }) => stop()))
  }
}

/** Opens one stream after another, and sends one of the pieces on each, in turn. */
function streams (perSecond: number, ...pieces: Uint8Array[]): FloodKind['run'] {
  return async flood => {
    const peer = await createWirePeer()
    const id = await peer.connect(flood.address)
    await repeat(flood, { count: 10_000, parallel: 10, perSecond }, async index => {
      const bytes = pieces[index % pieces.length]
      await peer.sendRaw(id, bytes)
      flood.sent(bytes.byteLength)
    })
    await peer.stop()
  }
}

/** Sends the same on several streams of one client, in turn. */
function onStreams (count: number, rate: number, next: () => Uint8Array): FloodKind['run'] {
  return async flood => {
    const peer = await createWirePeer({ keeps: false })
    const id = await peer.connect(flood.address)
    const all = await inBatches(count, async () => peer.openStream(id))
    flood.begin()
    await Promise.all(all.map(async stream => pour(flood, stream, rate / count, next)))
    await peer.stop()
  }
}

const identityWants = frame({
  wants: Array.from({ length: 1024 }, (_, i) => wantEntry(CID.createV1(0x55, Digest.create(0, i % 2 === 0 ? new Uint8Array(0) : Uint8Array.of(i >> 1 & 255)))))
})

/** Identity CIDs of 100 KB. */
function hugeCids (): () => Uint8Array {
  const entry: WantEntry = { ...wantEntry(freshCid()), cid: Buffer.concat([Uint8Array.from([1, 0x55, 0, 0xa0, 0x8d, 0x06]), new Uint8Array(100_000)]) }
  const whole = frame({ wants: Array.from({ length: 20 }, () => entry) })

  return () => whole
}

/** A message of 4 MiB that repeats one item. */
function bigFrame (item: readonly number[]): () => Uint8Array {
  const body = Buffer.alloc(4_194_304, Uint8Array.from(item))
  const whole = Buffer.concat([Uint8Array.of(0x80, 0x80, 0x80, 0x02), body])

  return () => whole
}

function alternating (): () => Uint8Array {
  const lists = [freshWants(1024, { full: true }), freshWants(1024, { full: true })]
  let next = 0

  return () => lists[next++ % 2]
}

function hugeLists (): () => Uint8Array {
  let list: Uint8Array | undefined

  return () => (list ??= freshWants(80_000, { type: 'block' }))
}

async function slowReaders (flood: Flood): Promise<void> {
  const wants = frame({ wants: flood.wants.map(cid => wantEntry(CID.parse(cid))) })
  const peers = await inBatches(flood.full ? 200 : 100, async () => {
    const peer = await createWirePeer({ reads: false })
    const id = await peer.connect(flood.address)
    const stream = await peer.openStream(id)
    stream.send(wants)
    flood.sent(wants.byteLength)

    return peer
  })
  flood.begin()
  await flood.rest(Infinity)
  await Promise.all(peers.map(async peer => peer.stop()))
}

/** The floods of bitswap messages that a balancer must survive. */
export const BITSWAP_FLOODS: readonly FloodKind[] = [
  { name: 'identity wants, replies not read', prepares: true, run: clients(1, 10 * MB, () => identityWants, false) },
  { name: 'frames of empty blocks', prepares: true, run: clients(1, 5 * MB, bigFrame([0x12, 0])) },
  { name: 'empty frames', prepares: true, run: clients(1, 2 * MB, () => new Uint8Array(64 << 10)) },
  { name: 'messages without content', prepares: true, run: clients(1, 2 * MB, () => Buffer.alloc(60_000, Uint8Array.of(2, 0x28, 1))) },
  { name: 'messages that declare 4 MiB', run: streams(500, Uint8Array.of(0x80, 0x80, 0x80, 0x02, 0x0a)) },
  { name: 'messages that declare 5 MiB or 1 TiB', run: streams(500, Uint8Array.of(0x80, 0x80, 0xc0, 0x02), Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x20)) },
  { name: 'wantlists of 80,000 entries', prepares: true, holds: 16 * MiB, run: clients(1, 5 * MB, hugeLists()) },
  { name: 'CIDs of 100 KB', prepares: true, run: clients(1, 5 * MB, hugeCids()) },
  { name: 'fresh want-haves, 1 client', prepares: true, run: clients(1, 2.3 * MB, () => freshWants(1024)) },
  { name: 'fresh want-haves, 5 clients', prepares: true, run: clients(5, 2.3 * MB, () => freshWants(1024)) },
  { name: 'fresh want-haves, 200 clients', prepares: true, holds: 192 * MiB, run: clients(200, 2.3 * MB, () => freshWants(1024)) },
  { name: 'fresh want-haves, 200 streams of one client', prepares: true, run: onStreams(200, 5 * MB, () => freshWants(80)) },
  { name: 'full lists back and forth', prepares: true, run: clients(1, 5 * MB, alternating()) },
  { name: 'slow readers', prepares: true, holds: 128 * MiB, run: slowReaders }
]
