import { knownBlock } from '../local/known-block.ts'
import { NotReadyError } from './errors.ts'
import { sizeOf } from './presence.ts'
import type { Haves } from '../haves.ts'
import type { LocalClient } from '../local/local-client.ts'
import type { Budget } from './dag/budget.ts'
import type { CID } from 'multiformats/cid'

/** Makes a response with a body of bytes, and headers by their lower-case names. */
export type CreateResponse = (bytes: Uint8Array<ArrayBuffer>, init: { readonly status?: number, readonly headers: Record<string, string> }) => Response

/** What all requests share. */
export interface Serving {
  readonly router: { readonly ready: boolean }
  readonly haves: Haves
  /** Whether there are policies: then nothing remembered is used, since policies decide about each want. */
  readonly governed: boolean
  /** How long a GET waits for its first byte, ms. */
  readonly getWithin: number
  /** How long a HEAD waits, ms. */
  readonly headWithin: number
  /** How long each further block of a CAR may take, ms. */
  readonly blockWithin: number
  readonly createResponse: CreateResponse
  /** The memory for walks over DAGs. */
  readonly budget: Budget
}

/**
 * Throws while no member is up, since waiting would be pointless, unless the block needs no member.
 *
 * @throws {NotReadyError} no member is up
 */
export function checkReady ({ router }: Serving, cid: CID): void {
  if (!router.ready && knownBlock(cid.bytes) == null) {
    throw new NotReadyError()
  }
}

/** The size of a block for a HEAD, which waits `within` ms, see {@link sizeOf}. */
export async function headSize ({ haves, governed, headWithin }: Serving, client: LocalClient, cid: CID, signal: AbortSignal, within = headWithin): Promise<number | undefined> {
  return sizeOf(client, haves, governed, cid, { signal, within })
}
