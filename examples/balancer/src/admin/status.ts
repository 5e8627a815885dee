import { NAME, version } from '../version.ts'
import type { BalancerConfig } from '../config/config.ts'
import type { Nodes } from '../nodes.ts'
import type { RouterMemberStatus, RouterStatus } from '@kitsune/want-router'

export interface StatusInit {
  readonly peerId: string
  readonly addresses: readonly string[]
  /** ms since 1970. */
  readonly startedAt: number
  readonly config: Pick<BalancerConfig, 'strategy' | 'limits'>
  readonly nodes: Pick<Nodes, 'find'>
  readonly router: RouterStatus
}

/**
 * The content of /status. Every number is a count or has its unit in its name; times
 * are ISO 8601.
 */
export function describeStatus ({ peerId, addresses, startedAt, config, nodes, router }: StatusInit): Record<string, unknown> {
  const { members, unsent, totals, ...status } = router
  const { wantLifetime, unsent: maxUnsent, inFlight, ejection, ...limits } = config.limits

  return {
    name: NAME,
    version: version(),
    peerId,
    addresses,
    startedAt: time(startedAt),
    uptimeSeconds: Math.round((Date.now() - startedAt) / 1000),
    strategy: config.strategy,
    limits: { ...limits, wantLifetimeSeconds: wantLifetime / 1000, unsentBytes: maxUnsent, inFlightBytes: inFlight, ejectionSeconds: ejection / 1000 },
    ...status,
    unsentBytes: unsent,
    members: members.map(member => describeMember(member, nodes)),
    totals
  }
}

/** One of the members in /status. */
export function describeMember ({ latency, window, since, lastError, haveMap, ...member }: RouterMemberStatus, nodes: Pick<Nodes, 'find'>): Record<string, unknown> {
  return {
    ...member,
    windowBytes: window,
    configured: nodes.find(member.id)?.address,
    since: time(since),
    ...(lastError == null ? {} : { lastError: { message: lastError.message, at: time(lastError.at) } }),
    ...(haveMap == null ? {} : { haveMap: { ...haveMap, at: time(haveMap.at) } }),
    ...(latency == null ? {} : { latencyMs: Math.round(latency * 10) / 10 })
  }
}

function time (ms: number): string {
  return new Date(ms).toISOString()
}
