import { NotFoundError, UnknownError } from '../errors.ts'
import { knownBlock } from '../local/known-block.ts'
import type { Haves } from '../haves.ts'
import type { HasOptions, LocalClient } from '../local/local-client.ts'
import type { CID } from 'multiformats/cid'

/** Bytes of a block that is present; undefined if that is not known. */
type Size = number | undefined

/**
 * Finds out whether a member has a block, by what is remembered if that will do.
 *
 * @param client - asks if it has to
 * @param haves - what is remembered
 * @param governed - whether policies decide: they are asked of each want, and not about what is remembered
 * @param cid - of the block
 * @param options - how long to wait, and until when
 * @throws {NotFoundError} if all members are certain that they do not have it
 * @throws {UnknownError} if no member has said in time that it has it
 * @throws {WantRefusedError} if a policy refuses it
 */
export async function sizeOf (client: Pick<LocalClient, 'has'>, haves: Haves, governed: boolean, cid: CID, options: HasOptions): Promise<Size> {
  const remembered = governed ? undefined : haves.get(cid)

  if (remembered != null) {
    return remembered.size
  }

  switch (await client.has(cid, { ...options, rejectRefused: true })) {
    case 'have':
      return knownBlock(cid.bytes)?.byteLength ?? haves.get(cid)?.size
    case 'dont-have':
      throw new NotFoundError(`No member has ${cid}`)
    default:
      throw new UnknownError(`No member has said in time that it has ${cid}, and not all are certain that they do not have it`)
  }
}
