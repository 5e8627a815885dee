import type { BalancerConfig } from './config.ts'
import type { DownstreamConfig } from './downstream-config.ts'

/**
 * Turns the effective configuration into an equivalent config file. Only credentials
 * from URLs are missing: see {@link credentialsLeftOut}.
 */
export function toConfigFile ({ downstreams, admin, limits, preload, redis, ...config }: BalancerConfig): Record<string, unknown> {
  const { maxConnections, maxNewConnections, wantsPerClient, wantLifetime, unsent, inFlight, wantsPerMember, preload: { bytesPerClientAndHour, bytesPerHour }, ejectAfter, ejection } = limits

  return {
    downstream: downstreams.map(toFileEntry),
    ...config,
    admin: written(admin),
    ...(preload == null ? {} : { preload: written(preload) }),
    ...(redis == null ? {} : { redis: redis.address }),
    maxConnections,
    maxNewConnections,
    maxWants: wantsPerClient,
    wantLifetime: wantLifetime / 1000,
    maxUnsent: unsent,
    maxInFlight: inFlight,
    maxNodeWants: wantsPerMember,
    maxClientPreload: bytesPerClientAndHour,
    maxPreload: bytesPerHour,
    ejectAfter,
    ejection: ejection / 1000
  }
}

/** Names of the nodes whose credentials are not in a file, so that {@link toConfigFile} must not show them. */
export function credentialsLeftOut ({ downstreams }: BalancerConfig): string[] {
  return downstreams.filter(({ authorization, authFile }) => authorization != null && authFile == null).map(({ id }) => id)
}

function written ({ host, port }: BalancerConfig['admin']): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function toFileEntry ({ id, kind, address, authorization, ...downstream }: DownstreamConfig): Record<string, unknown> {
  return { address, ...(id === address ? {} : { name: id }), ...downstream }
}
