import { open } from 'node:fs/promises'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'

/** `{"roots": [], "version": 1}` with its length. */
const HEADER = Uint8Array.from([0x11, 0xa2, 0x65, 0x72, 0x6f, 0x6f, 0x74, 0x73, 0x80, 0x67, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x01])

/** Sections that are written at a time, in bytes. */
const BATCH = 4 << 20

/** A CAR file that was made for a benchmark. */
export interface MadeCar {
  readonly path: string
  /** The CIDs of its blocks, in the order of the file. */
  readonly cids: readonly CID[]
  readonly blockSize: number
}

/** Writes a CAR of different raw blocks of one size. */
export async function makeCar (path: string, blocks: number, blockSize: number): Promise<MadeCar> {
  const file = await open(path, 'w')
  const cids: CID[] = []

  try {
    await file.writeFile(HEADER)
    let batch: Uint8Array[] = []
    let length = 0

    for (let i = 0; i < blocks; i++) {
      const bytes = madeBlock(i, blockSize)
      const cid = CID.createV1(0x55, await sha256.digest(bytes))
      cids.push(cid)
      batch.push(varint(cid.bytes.byteLength + blockSize), cid.bytes, bytes)
      length += blockSize

      if (length >= BATCH || i === blocks - 1) {
        await file.writeFile(Buffer.concat(batch))
        batch = []
        length = 0
      }
    }
  } finally {
    await file.close()
  }

  return { path, cids, blockSize }
}

/** A block that differs from those of other numbers, and does not compress. */
export function madeBlock (number: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  fillBlock(number, bytes)

  return bytes
}

/** Writes such a block, at an offset that is a multiple of four. */
export function fillBlock (number: number, bytes: Uint8Array): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2)
  let state = Math.imul(number + 1, 0x9e3779b1)

  for (let i = 0; i < words.length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i | 0
    words[i] = state
  }

  new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, number)
}

function varint (value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value

  for (; rest >= 0x80; rest >>>= 7) {
    bytes.push((rest & 0x7f) | 0x80)
  }

  return Uint8Array.from([...bytes, rest])
}
