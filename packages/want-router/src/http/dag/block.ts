import type { CID } from 'multiformats/cid'

/** A block, and the CID by which it was linked. */
export interface DagBlock { readonly cid: CID, readonly bytes: Uint8Array }

/** Gets a block, verified. */
export type GetBlock = (cid: CID) => Promise<Uint8Array>
