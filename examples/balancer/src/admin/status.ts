import { NAME, version } from '../version.ts'
import type { BalancerConfig } from '../config/config.ts'
import type { Nodes } from '../nodes.ts'
import type { MappedBlocks, MemberError, RouterMemberStatus, RouterStatus } from '@kitsune/want-router'

interface StatusInit {
  readonly peerId: string
  readonly addresses: readonly string[]
  /** When the balancer started, ms since 1970. */
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
  const { wantLifetime, unsent: maxUnsent, inFlight, ejection, preload, ...limits } = config.limits

  return {
    name: NAME,
    version: version(),
    peerId,
    addresses,
    startedAt: time(startedAt),
    uptimeSeconds: Math.round((Date.now() - startedAt) / 1000),
    strategy: config.strategy,
    limits: { ...limits, wantLifetimeSeconds: wantLifetime / 1000, unsentBytes: maxUnsent, inFlightBytes: inFlight, ejectionSeconds: ejection / 1000, preloadBytesPerClientAndHour: preload.bytesPerClientAndHour, preloadBytesPerHour: preload.bytesPerHour },
    ...status,
    unsentBytes: unsent,
    members: members.map(member => describeMember(member, nodes)),
    totals
  }
}

/** One of the members in /status. */
export function describeMember ({ latency, window, since, lastError, haveMap, haveMapError, ...member }: RouterMemberStatus, nodes: Pick<Nodes, 'find'>): Record<string, unknown> {
  return {
    ...member,
    windowBytes: window,
    configured: nodes.find(member.id)?.address,
    since: time(since),
    ...(lastError == null ? {} : { lastError: describeError(lastError) }),
    ...(haveMap == null ? {} : { haveMap: describeMap(haveMap) }),
    ...(haveMapError == null ? {} : { haveMapError: describeError(haveMapError) }),
    ...(latency == null ? {} : { latencyMs: Math.round(latency * 10) / 10 })
  }
}

function describeMap ({ ms, at, ...map }: MappedBlocks): Record<string, unknown> {
  return { ...map, at: time(at), readSeconds: ms / 1000 }
}

function describeError ({ message, at }: MemberError): Record<string, unknown> {
  return { message, at: time(at) }
}

function time (ms: number): string {
  return new Date(ms).toISOString()
}
