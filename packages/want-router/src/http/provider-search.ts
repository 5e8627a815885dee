import { isPeer } from './peer-agent.ts'
import type { BlockRouter } from './block-handler.ts'
import type { HasAnswer, LocalClient } from '../local/local-client.ts'
import type { CID } from 'multiformats/cid'

interface SearchInit {
  /** How long members that are up have for their answer, ms. */
  readonly within: number
  /** How long a search waits for members that are down, and that of boxo for members that are silent, ms. */
  readonly outageWithin: number
}

/** Searches for a block on behalf of a request for its providers. */
export type Search = (cid: CID, client: LocalClient, request: Request) => Promise<HasAnswer>

/** The most searches that wait long at the same time: each uses one of the requests that its client may have open. */
const MAX_WAITING = 32

/**
 * Makes the search of provider records. It asks the members, and asks again if all have gone down meanwhile, or if one has
 * come back and has not answered. The second time is short for boxo, which gives a search 10 s.
 */
export function createSearch (router: Pick<BlockRouter, 'ready'>, { within, outageWithin }: SearchInit): Search {
  let waiting = 0

  /** Waits until a member that is down, or is silent, has answered. */
  async function waitLong (cid: CID, client: LocalClient, signal: AbortSignal): Promise<HasAnswer> {
    waiting++

    try {
      return await client.has(cid, { signal, within: waiting > MAX_WAITING ? within : outageWithin })
    } finally {
      waiting--
    }
  }

  return async (cid, client, request) => {
    const { signal } = request
    const { ready } = router
    const patient = isPeer(request)
    const answer = await (patient || !ready ? waitLong(cid, client, signal) : client.has(cid, { signal, within }))

    if (answer !== 'unknown' || router.ready === ready) {
      return answer
    }

    return patient || router.ready ? client.has(cid, { signal, within }) : waitLong(cid, client, signal)
  }
}
