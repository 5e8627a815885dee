import { base32upper } from 'multiformats/bases/base32'
import { InvalidOptionError } from '../errors.ts'
import type { CID } from 'multiformats/cid'

/** Returns the name of the object that holds a block. */
export type ObjectKey = (cid: CID) => string

/**
 * Names objects like the files in the folder `blocks` of kubo's default datastore,
 * flatfs: by the multihash, so CIDv0 and CIDv1 of one block share a file.
 *
 * @param shard - the end of the file `SHARDING` in that folder. Default `next-to-last/2`
 * @throws {InvalidOptionError} if flatfs does not have this sharding
 */
export function flatfsKey (shard = 'next-to-last/2'): ObjectKey {
  const [, kind, digits] = /^(prefix|suffix|next-to-last)\/([1-9]\d?)$/.exec(shard) ?? []

  if (kind == null) {
    throw new InvalidOptionError(`shard must be "prefix", "suffix" or "next-to-last" with a number, as "next-to-last/2", not ${JSON.stringify(shard)}`)
  }

  const length = Number(digits)

  return cid => {
    const name = datastoreKey(cid)
    const padded = kind === 'prefix' ? name.padEnd(length, '_') : name.padStart(length + 1, '_')
    const end = kind === 'next-to-last' ? -1 : undefined
    const folder = kind === 'prefix' ? padded.slice(0, length) : padded.slice(0, end).slice(-length)

    return `${folder}/${name}.data`
  }
}

/**
 * Names objects like kubo's plugin go-ds-s3 in its bucket, mounted at `/blocks`: by
 * the multihash, below its `rootDirectory`.
 */
export function s3DatastoreKey (rootDirectory = ''): ObjectKey {
  const prefix = rootDirectory.split('/').filter(part => part !== '').map(part => `${part}/`).join('')

  return cid => prefix + datastoreKey(cid)
}

/** The key of a block in kubo's datastores: upper-case base32 of the multihash, without the multibase prefix. */
function datastoreKey ({ multihash }: CID): string {
  return base32upper.baseEncode(multihash.bytes)
}
