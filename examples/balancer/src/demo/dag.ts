import { createHash } from 'node:crypto'
import { createLink, createNode, encode as encodeDagPb, code as DAG_PB } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { drawPicture } from './picture.ts'
import { encodeUnixfs, UNIXFS_DIRECTORY, UNIXFS_FILE } from './unixfs.ts'
import type { PBLink } from '@ipld/dag-pb'

/** A block with its CID. */
export interface DemoBlock {
  cid: CID
  bytes: Uint8Array
}

/** A DAG in memory. */
export interface DemoDag {
  root: CID
  blocks: DemoBlock[]
}

const RAW = 0x55
const SHA2_256 = 0x12
/** The default of kubo, bytes. */
const CHUNK_SIZE = 262_144

const README = `A kitsune is a fox that gains a tail for every hundred years of wisdom, up to nine.

This folder has come to you by bitswap, through a balancer, from one of two small
nodes that run in the same process and hold the same blocks. The balancer chose one
of them for each block and checked what it got before it passed it on.

Put your own nodes behind it:

  npm start -- -d /ip4/127.0.0.1/tcp/5001 -d http://other-node:5001
`

/** Builds the folder that the embedded default serves: a text and a picture. */
export function buildDemoDag (): DemoDag {
  const blocks: DemoBlock[] = []

  const put = (codec: number, bytes: Uint8Array): CID => {
    const cid = CID.createV1(codec, createDigest(SHA2_256, createHash('sha256').update(bytes).digest()))
    blocks.push({ cid, bytes })

    return cid
  }

  const file = (name: string, content: Uint8Array): PBLink => {
    const leaves: Array<{ cid: CID, size: number }> = []

    for (let offset = 0; offset < content.byteLength; offset += CHUNK_SIZE) {
      const bytes = content.subarray(offset, offset + CHUNK_SIZE)
      leaves.push({ cid: put(RAW, bytes), size: bytes.byteLength })
    }

    if (leaves.length === 1) {
      return createLink(name, leaves[0].size, leaves[0].cid)
    }

    const node = encodeDagPb(createNode(
      encodeUnixfs({ type: UNIXFS_FILE, blockSizes: leaves.map(({ size }) => size) }),
      leaves.map(({ cid, size }) => createLink('', size, cid))
    ))

    return createLink(name, content.byteLength + node.byteLength, put(DAG_PB, node))
  }

  const root = put(DAG_PB, encodeDagPb(createNode(encodeUnixfs({ type: UNIXFS_DIRECTORY, blockSizes: [] }), [
    file('README.txt', new TextEncoder().encode(README)),
    file('kitsune.png', drawPicture())
  ])))

  return { root, blocks }
}
