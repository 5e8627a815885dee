import { CarBufferWriter } from '@ipld/car'
import { code as DAG_PB, createLink, createNode, encode } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import type { PBLink } from '@ipld/dag-pb'

/** A CAR for trying out a server. */
export interface SampleCar {
  /** The root: a directory with two files. */
  readonly root: CID
  readonly bytes: Uint8Array
}

interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

const RAW = 0x55
/** The length of the blocks of the longer file, bytes. */
const LEAF = 256 << 10
const LINES = 150_000
/** The types of nodes in UnixFS. */
const DIRECTORY = 1
const FILE = 2

const HELLO = 'Hello from CAR files in object storage.\n'

/** Creates a CAR of a directory with a short file and a file of several blocks. Its bytes are always the same. */
export async function makeSampleCar (): Promise<SampleCar> {
  const hello = await blockOf(RAW, utf8(HELLO))
  const numbers = utf8(Array.from({ length: LINES }, (_, i) => `${i + 1}\n`).join(''))
  const leaves = await Promise.all(Array.from({ length: Math.ceil(numbers.length / LEAF) }, async (_, i) => blockOf(RAW, numbers.subarray(i * LEAF, (i + 1) * LEAF))))
  const file = await fileOf(leaves)
  const directory = await nodeOf([number(1, DIRECTORY)], [
    createLink('hello.txt', hello.bytes.length, hello.cid),
    createLink('numbers.txt', numbers.length, file.cid)
  ])

  return { root: directory.cid, bytes: carOf(directory.cid, [directory, hello, file, ...leaves]) }
}

async function fileOf (leaves: readonly Block[]): Promise<Block> {
  const sizes = leaves.map(({ bytes }) => bytes.length)
  const unixfs = [number(1, FILE), number(3, sizes.reduce((a, b) => a + b, 0)), ...sizes.map(size => number(4, size))]

  return nodeOf(unixfs, leaves.map(({ cid }, i) => createLink('', sizes[i], cid)))
}

/** A node of dag-pb, with the fields of its UnixFS data. */
async function nodeOf (unixfs: readonly number[][], links: PBLink[]): Promise<Block> {
  return blockOf(DAG_PB, encode(createNode(Uint8Array.from(unixfs.flat()), links)))
}

/** A field of protobuf with a number as its value. */
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
  const roots = [root]
  const length = blocks.reduce((sum, block) => sum + CarBufferWriter.blockLength(block), CarBufferWriter.headerLength({ roots }))
  const writer = CarBufferWriter.createWriter(new ArrayBuffer(length), { roots })
  blocks.forEach(block => writer.write(block))

  return writer.close()
}

function utf8 (text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
