import { FETCH_THROUGH } from './fetch-through.ts'
import type { UpstreamHost } from './hosts.ts'
import type { CapacityStatus } from '@kitsune/host'

/** Why a load balancer should send clients elsewhere; undefined if it need not. */
export function whyNotReady ({ services: { router, capacity } }: UpstreamHost): string | undefined {
  const { draining, members } = router.status()

  if (draining) {
    return 'draining'
  }

  if (!members.some(({ id, state }) => state === 'up' && id !== FETCH_THROUGH)) {
    return 'no downstream node is up'
  }

  return whyFull(capacity.status)
}

function whyFull ({ admits, max }: CapacityStatus): string | undefined {
  return admits ? undefined : `full: ${max} clients are connected and none of them is idle`
}
