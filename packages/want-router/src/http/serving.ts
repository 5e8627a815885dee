import { knownBlock } from '../local/known-block.ts'
import { NotReadyError } from './errors.ts'
import { sizeOf } from './presence.ts'
import type { Haves } from '../haves.ts'
import type { LocalClient } from '../local/local-client.ts'
import type { Budget } from './dag/budget.ts'
import type { CID } from 'multiformats/cid'

/** Makes an answer over bytes, with headers by their names in small letters. */
export type CreateResponse = (bytes: Uint8Array<ArrayBuffer>, init: { readonly status?: number, readonly headers: Record<string, string> }) => Response

/** What all requests are answered from. */
export interface Serving {
  readonly router: { readonly ready: boolean }
  readonly haves: Haves
  /** Whether policies decide: they are asked of each want, and not about what is remembered. */
  readonly governed: boolean
  /** How long a GET waits for its first byte, ms. */
  readonly getWithin: number
  /** How long a HEAD waits, ms. */
  readonly headWithin: number
  /** How long each further block of a CAR may take, ms. */
  readonly blockWithin: number
  readonly createResponse: CreateResponse
  /** Of the memory for walks over DAGs. */
  readonly budget: Budget
}

/**
 * While no member is up it asks for nothing, since the wait would be for nothing. It still serves a block that a CID contains.
 *
 * @throws {NotReadyError}
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
