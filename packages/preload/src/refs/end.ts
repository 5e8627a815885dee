import { TooManyRequestsError } from '../errors.ts'
import type { TraversalReader } from './traversal.ts'
import type { RegisteredRequest } from '../registry/registry.ts'

/** How a request ended. */
export interface RefsEnd {
  readonly roots: readonly string[]
  /** Where it came from. */
  readonly address: string
  /** Peers that were asked for the blocks. */
  readonly peers: readonly string[]
  /** Peers of other processes that were asked for the blocks. */
  readonly remotePeers: readonly string[]
  /** `complete`: the member has all of it; `refused`: too many requests; `left`: the client has gone; `failed`: with `error`. */
  readonly outcome: 'complete' | 'refused' | 'left' | 'failed'
  readonly error?: string
  /** The member that was asked last. */
  readonly member?: string
  /** What clients that are connected here have sent meanwhile for the traversal, which several requests may share. */
  readonly blocks: number
  readonly bytes: number
  readonly ms: number
}

/** The state of a request. */
export interface RequestProgress {
  /** Peers that are asked for it. */
  readonly asked: Set<string>
  reader: TraversalReader | undefined
  /** What other processes know of it, if there are any. */
  shared: RegisteredRequest | undefined
}

/** Creates the summary of a request that has ended. `left`: its client has gone. */
export function endOf ({ asked, reader, shared }: RequestProgress, err: unknown, left: boolean): Omit<RefsEnd, 'roots' | 'address' | 'ms'> {
  const { received: { blocks, bytes } = { blocks: 0, bytes: 0 }, member } = reader ?? {}

  return { peers: [...asked], remotePeers: shared?.peers ?? [], ...outcomeOf(err, left), member, blocks, bytes }
}

function outcomeOf (err: unknown, left: boolean): Pick<RefsEnd, 'outcome' | 'error'> {
  if (err == null) {
    return { outcome: 'complete' }
  }

  if (left || (err instanceof Error && err.name === 'AbortError')) {
    return { outcome: 'left' }
  }

  return { outcome: err instanceof TooManyRequestsError ? 'refused' : 'failed', error: err instanceof Error ? err.message : String(err) }
}
