import { murmur364 } from '@multiformats/murmur3'
import type { UnixFSNode } from './unixfs.ts'
import type { CID } from 'multiformats/cid'

/** What a shard of a directory has for a name: the entry's CID, the shard to search next, or nothing. */
export type ShardAnswer = { readonly entry: CID } | { readonly shard: CID } | undefined

/** Looks a name up in the shards of a directory, beginning with its root. */
export interface ShardLookup {
  look (shard: UnixFSNode): ShardAnswer
}

/** The links to further shards, as opposed to entries: their names have only the digits of a place. */
export function shardLinks ({ links, data }: UnixFSNode): CID[] {
  const digits = placeDigits(data?.fanout)

  return links.filter(({ Name = '' }) => Name.length === digits).map(({ Hash }) => Hash)
}

/** Makes a look-up of a name, which begins at the root of a directory. */
export async function createShardLookup (name: string): Promise<ShardLookup> {
  const hash = await murmur364.encode(new TextEncoder().encode(name))
  let consumed = 0

  /** The next bits of the hash, the most significant first; undefined: there are not enough. */
  function nextBits (count: number): number | undefined {
    let bits = 0

    for (let i = 0; i < count; i++, consumed++) {
      if (consumed >= hash.byteLength * 8) {
        return
      }

      bits = bits << 1 | hash[consumed >> 3] >> (7 - consumed % 8) & 1
    }

    return bits
  }

  return {
    look ({ links, data }) {
      const place = nextBits(Math.log2(Number(data?.fanout ?? 256n)))

      if (place == null) {
        return
      }

      const prefix = place.toString(16).toUpperCase().padStart(placeDigits(data?.fanout), '0')
      const entry = links.find(({ Name }) => Name === `${prefix}${name}`)

      if (entry != null && name !== '') {
        return { entry: entry.Hash }
      }

      const shard = links.find(({ Name }) => Name === prefix)

      return shard == null ? undefined : { shard: shard.Hash }
    }
  }
}

/** How many hexadecimal digits a place in a shard has. */
function placeDigits (fanout = 256n): number {
  return (fanout - 1n).toString(16).length
}
