import * as dagCbor from '@ipld/dag-cbor'
import * as dagJson from '@ipld/dag-json'
import * as dagPb from '@ipld/dag-pb'
import { decode as decodeCbor } from 'cborg'
import { CID } from 'multiformats/cid'

// maps, because objects would put numeric keys first, and links are walked in the order of the block
const CBOR_OPTIONS = { ...dagCbor.decodeOptions, useMaps: true }

/** A block's links, in the order of the block. A block with another codec has none. */
export function linksOf ({ code }: CID, bytes: Uint8Array): CID[] {
  return code === dagPb.code ? dagPb.decode(bytes).Links.map(({ Hash }) => Hash) : linksIn(decodeNode(code, bytes))
}

/** Decodes a block to a tree of values, in which a map is a `Map` or an object. Undefined for a codec without links. */
export function decodeNode (code: number, bytes: Uint8Array): unknown {
  switch (code) {
    case dagCbor.code:
      return decodeCbor(bytes, CBOR_OPTIONS)
    case dagJson.code:
      return dagJson.decode(bytes)
    default:
  }
}

/** The value at a key of a map or list; undefined if there is none. */
export function lookUp (node: unknown, segment: string): unknown {
  if (node instanceof Map) {
    return node.get(segment)
  }

  if (Array.isArray(node)) {
    return /^\d+$/.test(segment) ? node[Number(segment)] : undefined
  }

  if (typeof node === 'object' && node != null && CID.asCID(node) == null && Object.hasOwn(node, segment)) {
    return Object.entries(node).find(([key]) => key === segment)?.[1]
  }
}

function linksIn (node: unknown): CID[] {
  const links: CID[] = []
  const rest = [node]

  while (rest.length > 0) {
    const value = rest.pop()
    const cid = CID.asCID(value)

    if (cid != null) {
      links.push(cid)
    } else if (typeof value === 'object' && value != null && !(value instanceof Uint8Array)) {
      const values: unknown[] = value instanceof Map ? [...value.values()] : Object.values(value)
      values.reverse().forEach(inner => { rest.push(inner) })
    }
  }

  return links
}
