import { DagDecodeError } from '../errors.ts'
import type { CID } from 'multiformats/cid'

/**
 * What a decoder makes of a block.
 *
 * @throws {DagDecodeError} where it throws
 */
export function decoded <T> (cid: CID, decode: () => T): T {
  try {
    return decode()
  } catch (err) {
    throw new DagDecodeError(`${cid} cannot be decoded`, { cause: err })
  }
}
