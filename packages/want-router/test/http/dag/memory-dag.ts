import * as dagCbor from '@ipld/dag-cbor'
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import type { GetBlock } from '../../../src/http/dag/block.ts'
import type { PBLink } from '@ipld/dag-pb'
import type { BlockCodec } from 'multiformats/codecs/interface'

/** A file, or a part of one. */
export interface FileNode { readonly cid: CID, readonly size: number }

/** Blocks in memory, and a record of how they are asked for. */
export class MemoryDag {
  readonly blocks = new Map<string, Uint8Array>()
  /** The CIDs in the order in which they were asked for. */
  readonly asked: CID[] = []
  /** How many have been asked for and not returned yet. */
  open = 0
  mostOpen = 0

  readonly get: GetBlock = async cid => {
    this.asked.push(cid)
    this.mostOpen = Math.max(this.mostOpen, ++this.open)
    await new Promise(resolve => { setImmediate(resolve) })
    this.open--
    const bytes = this.blocks.get(`${cid}`)

    if (bytes == null) {
      throw new Error(`${cid} is not there`)
    }

    return bytes
  }

  raw (bytes: Uint8Array): CID {
    return this.#put(raw, bytes)
  }

  cbor (value: unknown): CID {
    return this.#put(dagCbor, value)
  }

  pb (links: readonly PBLink[], data?: UnixFS): CID {
    return this.#put(dagPb, { Links: links, ...(data == null ? {} : { Data: data.marshal() }) })
  }

  leaf (seed: number, size = 10): FileNode {
    const bytes = new Uint8Array(size)
    new DataView(bytes.buffer).setUint32(0, seed)

    return { cid: this.raw(bytes), size }
  }

  file (parts: readonly FileNode[]): FileNode {
    const blockSizes = parts.map(({ size }) => BigInt(size))
    const links = parts.map(({ cid: Hash, size: Tsize }) => ({ Name: '', Hash, Tsize: Math.min(Tsize, Number.MAX_SAFE_INTEGER) }))

    return { cid: this.pb(links, new UnixFS({ type: 'file', blockSizes })), size: parts.reduce((sum, { size }) => sum + size, 0) }
  }

  directory (entries: Readonly<Record<string, CID>>): CID {
    return this.pb(Object.entries(entries).map(([Name, Hash]) => ({ Name, Hash, Tsize: 0 })), new UnixFS({ type: 'directory' }))
  }

  #put <T> ({ code, encode }: Pick<BlockCodec<number, T>, 'code' | 'encode'>, value: T): CID {
    const bytes = encode(value)
    const digest = sha256.digest(bytes)

    if (digest instanceof Promise) {
      throw new Error('sha2-256 is synchronous here')
    }

    const cid = CID.createV1(code, digest)
    this.blocks.set(`${cid}`, new Uint8Array(bytes))

    return cid
  }
}
