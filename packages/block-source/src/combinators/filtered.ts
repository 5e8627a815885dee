import { CID } from 'multiformats/cid'
import { getMany } from '../get-many.ts'
import type { BlockSource, GetManyResult, SourceOptions } from '../block-source.ts'

/** sha2-256, the only hash function that CIDv0 has. */
const SHA2_256 = 0x12
/** The codecs under which a denylist is likely to list a block: raw, dag-pb, dag-cbor, dag-json. */
const CODECS = [0x55, 0x70, 0x71, 0x0129]

/**
 * Hides some blocks of a source, e.g. those of a denylist: a block that is not allowed
 * is a miss, and is not read. The same bytes have many CIDs, so `allows` is called with
 * the usual ones: the CID of the request, the CIDv0, and CIDv1 with the codecs raw,
 * dag-pb, dag-cbor and dag-json. The block is hidden if one of them is not allowed.
 */
export function filtered (source: BlockSource, allows: (cid: CID) => boolean): BlockSource {
  const allowed = (cid: CID): boolean => namesOf(cid).every(allows)

  async function * readMany (cids: Iterable<CID>, options: SourceOptions): AsyncGenerator<GetManyResult> {
    options.signal?.throwIfAborted()
    const left: CID[] = []

    for (const cid of cids) {
      if (allowed(cid)) {
        left.push(cid)
      } else if (options.wanted?.(cid) !== false) {
        yield { cid }
      }
    }

    if (left.length > 0) {
      yield * getMany(source, left, options)
    }
  }

  return {
    complete: source.complete,
    get: async (cid, options = {}) => allowed(cid) ? source.get(cid, options) : undefined,
    getMany: (cids, options = {}) => readMany(cids, options),
    ...(source.stat == null ? {} : { stat: async (cid, options = {}) => allowed(cid) ? source.stat?.(cid, options) : undefined }),
    offer (block) {
      if (allowed(block.cid)) {
        source.offer?.(block)
      }
    }
  }
}

function namesOf (cid: CID): CID[] {
  const { multihash } = cid
  const names = [cid, ...CODECS.map(codec => CID.createV1(codec, multihash))]

  return multihash.code === SHA2_256 && multihash.size === 32 ? [...names, CID.create(0, 0x70, multihash)] : names
}
