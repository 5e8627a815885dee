import { wantKey } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import type { Ask } from '../../../src/policies/policy.ts'

/** A want for this CID, as a policy sees it. */
export function askFor (cid: CID | string, client = 'client', address?: string): Ask {
  const parsed = typeof cid === 'string' ? CID.parse(cid) : cid

  return { client, address, key: wantKey(parsed.bytes) ?? '', cid: parsed, type: 'block', review: false }
}
