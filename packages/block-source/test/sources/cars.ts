import { CarWriter } from '@ipld/car'
import { blake2b256 } from '@multiformats/blake2/blake2b'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { testBytes } from '../../src/testing/test-bytes.ts'
import type { Block } from '../../src/index.ts'

export async function rawBlock (bytes: Uint8Array): Promise<Block> {
  return { cid: CID.createV1(0x55, await sha256.digest(bytes)), bytes }
}

/** Different raw blocks of one size. */
export async function rawBlocks (count: number, size: number, seed = 0): Promise<Block[]> {
  return Promise.all(Array.from({ length: count }, async (_, i) => rawBlock(testBytes(size, seed + i + 1))))
}

/** One block of each kind that CARs are known to contain. */
export async function everyKind (): Promise<Block[]> {
  const bytes = new TextEncoder().encode('every kind')

  return [
    { cid: CID.createV0(await sha256.digest(bytes)), bytes },
    { cid: CID.createV1(0x71, await sha256.digest(Uint8Array.of(0xa0))), bytes: Uint8Array.of(0xa0) },
    { cid: CID.createV1(0x55, await blake2b256.digest(bytes)), bytes },
    await rawBlock(new Uint8Array(0)),
    ...await rawBlocks(3, 1000, 100),
    await rawBlock(testBytes(1_000_000, 200))
  ]
}

/** A CARv1, written by its reference implementation. */
export async function carOf (blocks: readonly Block[]): Promise<Uint8Array> {
  const { writer, out } = CarWriter.create(blocks.slice(0, 1).map(({ cid }) => cid))
  const parts: Uint8Array[] = []
  const reading = (async () => {
    for await (const part of out) {
      parts.push(part.slice())
    }
  })()

  for (const block of blocks) {
    await writer.put(block)
  }

  await writer.close()
  await reading
  const car = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let offset = 0

  for (const part of parts) {
    car.set(part, offset)
    offset += part.byteLength
  }

  return car
}
