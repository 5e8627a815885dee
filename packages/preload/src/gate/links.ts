import * as dagCbor from '@ipld/dag-cbor'
import * as dagJson from '@ipld/dag-json'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'

/** Lists the links of a block. May throw: a block that is not of its codec has none. */
export type ReadLinks = (bytes: Uint8Array) => Iterable<CID>

/** By the codec's code. A codec that is not here has no links. */
export type LinkCodecs = ReadonlyMap<number, ReadLinks>

/** dag-pb, dag-cbor, dag-json and raw. To add one: `new Map([...DEFAULT_LINK_CODECS, [code, read]])`. */
export const DEFAULT_LINK_CODECS: LinkCodecs = new Map<number, ReadLinks>([
  [dagPb.code, bytes => dagPb.decode(bytes).Links.map(({ Hash }) => Hash)],
  [dagCbor.code, bytes => linksIn(dagCbor.decode(bytes))],
  [dagJson.code, bytes => linksIn(dagJson.decode(bytes))],
  [raw.code, () => []]
])

/** The links of a block; none, if its codec is not known or it is not of its codec. */
export function linksOf (codecs: LinkCodecs, cid: CID, bytes: Uint8Array): readonly CID[] {
  try {
    return [...codecs.get(cid.code)?.(bytes) ?? []]
  } catch {
    return []
  }
}

/** Every CID in a value, without recursion: a block may be nested as deep as it is long. */
function linksIn (value: unknown): CID[] {
  const links: CID[] = []
  const open: unknown[] = [value]

  while (open.length > 0) {
    const next = open.pop()

    if (typeof next !== 'object' || next == null || next instanceof Uint8Array) {
      continue
    }

    const cid = CID.asCID(next)

    if (cid != null) {
      links.push(cid)
    } else {
      for (const inner of Object.values(next)) {
        open.push(inner)
      }
    }
  }

  return links
}
