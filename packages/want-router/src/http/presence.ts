import { NotFoundError, UnknownError } from '../errors.ts'
import { knownBlock } from '../local/known-block.ts'
import type { Haves } from '../haves.ts'
import type { HasOptions, LocalClient } from '../local/local-client.ts'
import type { CID } from 'multiformats/cid'

/** The size of a block that a member has, bytes; undefined: unknown. */
type Size = number | undefined

/**
 * Finds out whether a member has a block, from remembered HAVEs if possible.
 *
 * @param client - asks members if necessary
 * @param haves - remembered HAVEs
 * @param governed - whether there are policies: then nothing remembered is used, since policies decide about each want
 * @param cid - the block's
 * @param options - how long to wait, and until when
 * @throws {NotFoundError} if every member is certain not to have it
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
      throw new UnknownError(`No member has said in time that it has ${cid}, but not every member is certain not to have it`)
  }
}
