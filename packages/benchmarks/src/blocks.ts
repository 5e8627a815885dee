import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { ReadableStream } from 'node:stream/web'
import { seededBuffer } from '@kitsune/interop'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import * as Digest from 'multiformats/hashes/digest'
import { sha256 } from 'multiformats/hashes/sha2'
import type { KuboRpc } from '@kitsune/interop'

interface SeededBlock {
  cid: CID
  bytes: Uint8Array
}

/** Raw blocks that look random: for each size the same ones every time. */
export function * seededBlocks (size: number, count: number): Generator<SeededBlock> {
  for (let i = 0; i < count; i++) {
    const bytes = seededBuffer(size, `benchmark/${size}/${i}`)
    const digest = createHash('sha256').update(bytes).digest()

    yield { cid: CID.createV1(raw.code, Digest.create(sha256.code, digest)), bytes }
  }
}

/** CIDs of blocks that do not exist. */
export function * seededCids (count: number): Generator<CID> {
  for (let i = 0; i < count; i++) {
    yield CID.createV1(raw.code, Digest.create(sha256.code, createHash('sha256').update(`benchmark/${i}`).digest()))
  }
}

/** Puts blocks of one size into a node and returns their CIDs in order. Throws RpcError with the node's own message. */
export async function fill (node: KuboRpc, size: number, count: number): Promise<string[]> {
  const cids: string[] = []

  const body = async function * (): AsyncGenerator<Uint8Array> {
    yield multipartHead
    yield * carOf(size, count, cids)
    yield multipartTail
  }

  const response = await node.call('dag/import', [], { 'pin-roots': 'false', stats: 'true' }, {
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    body: ReadableStream.from(body()) as RequestInit['body']
  })
  const { Stats } = await response.json() as { Stats: { BlockCount: number } }

  if (Stats.BlockCount !== count) {
    throw new Error(`the node took ${Stats.BlockCount} of ${count} blocks of ${size} bytes`)
  }

  return cids
}

/** Writes a CAR of the same blocks. */
export async function writeCar (path: string, size: number, count: number): Promise<void> {
  const file = await open(path, 'w')

  try {
    await file.writeFile(carOf(size, count))
  } finally {
    await file.close()
  }
}

function * carOf (size: number, count: number, cids: string[] = []): Generator<Uint8Array> {
  // {"roots":[],"version":1} in dag-cbor, with its length
  yield Uint8Array.of(17, 0xa2, 0x65, 0x72, 0x6f, 0x6f, 0x74, 0x73, 0x80, 0x67, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x01)

  for (const { cid, bytes } of seededBlocks(size, count)) {
    cids.push(cid.toString())
    yield Buffer.concat([uvarint(cid.bytes.byteLength + bytes.byteLength), cid.bytes, bytes])
  }
}

// fetch() would hold all of a FormData's bytes, and this is a gigabyte
const BOUNDARY = 'a-line-that-no-car-holds-5f1c9b'
const multipartHead = Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="path"; filename="blocks.car"\r\nContent-Type: application/vnd.ipld.car\r\n\r\n`)
const multipartTail = Buffer.from(`\r\n--${BOUNDARY}--\r\n`)

function uvarint (value: number): Uint8Array {
  const bytes = []

  for (; value >= 0x80; value = Math.floor(value / 0x80)) {
    bytes.push((value % 0x80) | 0x80)
  }

  return Uint8Array.from([...bytes, value])
}
