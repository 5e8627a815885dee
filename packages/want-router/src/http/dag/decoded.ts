import { DagDecodeError } from '../errors.ts'
import type { CID } from 'multiformats/cid'

/**
 * Decodes a block.
 *
 * @throws {DagDecodeError} the decoder throws
 */
export function decoded <T> (cid: CID, decode: () => T): T {
  try {
    return decode()
  } catch (err) {
    throw new DagDecodeError(`${cid} cannot be decoded`, { cause: err })
  }
}
