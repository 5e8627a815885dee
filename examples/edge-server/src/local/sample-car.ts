import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'

/** A CAR to try a server with. */
export interface SampleCar {
  /** Of a directory with two files. */
  readonly root: CID
  readonly bytes: Uint8Array
}

interface Link {
  readonly name: string
  readonly cid: CID
  /** Of the file, bytes. */
  readonly size: number
}

interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

const RAW = 0x55
const DAG_PB = 0x70
/** Of a file that has several, bytes. */
const LEAF = 256 << 10
const LINES = 150_000
/** The types of nodes in UnixFS. */
const DIRECTORY = 1
const FILE = 2

const HELLO = 'Hello from CAR files in object storage.\n'

/** Makes a CAR of a directory with a short file and a file of several blocks: the same one each time. */
export async function makeSampleCar (): Promise<SampleCar> {
  const hello = await blockOf(RAW, utf8(HELLO))
  const numbers = utf8(Array.from({ length: LINES }, (_, i) => `${i + 1}\n`).join(''))
  const leaves = await Promise.all(Array.from({ length: Math.ceil(numbers.length / LEAF) }, async (_, i) => blockOf(RAW, numbers.subarray(i * LEAF, (i + 1) * LEAF))))
  const file = await fileOf(leaves)
  const directory = await directoryOf([
    { name: 'hello.txt', cid: hello.cid, size: hello.bytes.length },
    { name: 'numbers.txt', cid: file.cid, size: numbers.length }
  ])

  return { root: directory.cid, bytes: carOf(directory.cid, [directory, hello, file, ...leaves]) }
}

async function fileOf (leaves: readonly Block[]): Promise<Block> {
  const sizes = leaves.map(({ bytes }) => bytes.length)
  const data = [...number(1, FILE), ...number(3, sizes.reduce((a, b) => a + b, 0)), ...sizes.flatMap(size => number(4, size))]

  return blockOf(DAG_PB, node(leaves.map(({ cid }, i) => ({ name: '', cid, size: sizes[i] })), data))
}

async function directoryOf (links: readonly Link[]): Promise<Block> {
  return blockOf(DAG_PB, node(links, number(1, DIRECTORY)))
}

/** A node of dag-pb. */
function node (links: readonly Link[], data: readonly number[]): Uint8Array {
  return Uint8Array.from([
    ...links.flatMap(({ name, cid, size }) => field(2, [...field(1, cid.bytes), ...field(2, utf8(name)), ...number(3, size)])),
    ...field(1, data)
  ])
}

/** A field of protobuf that has bytes. */
function field (tag: number, bytes: ArrayLike<number>): number[] {
  return [tag << 3 | 2, ...varint(bytes.length), ...Array.from(bytes)]
}

/** A field of protobuf that has a number. */
function number (tag: number, value: number): number[] {
  return [tag << 3, ...varint(value)]
}

function varint (value: number): number[] {
  return value < 0x80 ? [value] : [value & 0x7f | 0x80, ...varint(value >>> 7)]
}

async function blockOf (codec: number, bytes: Uint8Array): Promise<Block> {
  return { cid: CID.createV1(codec, await sha256.digest(bytes)), bytes }
}

function carOf (root: CID, blocks: readonly Block[]): Uint8Array {
  // {"roots": [root], "version": 1} in CBOR, in which the bytes of a CID follow a zero
  const header = [0xa2, 0x65, ...utf8('roots'), 0x81, 0xd8, 0x2a, 0x58, root.bytes.length + 1, 0, ...root.bytes, 0x67, ...utf8('version'), 1]
  const parts = blocks.flatMap(({ cid, bytes }) => [Uint8Array.from(varint(cid.bytes.length + bytes.length)), cid.bytes, bytes])

  return joined([Uint8Array.from([...varint(header.length), ...header]), ...parts])
}

function joined (parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0

  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }

  return all
}

function utf8 (text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
