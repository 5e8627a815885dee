import { endOfTick } from '@kitsune/host'
import { createHost } from '@kitsune/host/node'
import { PRELOAD_REVERSE_LIMITS } from '@kitsune/preload'
import { InvalidOptionError, wantRouter } from '@kitsune/want-router'
import { createTrustedProxies } from '@kitsune/want-router/http'
import { createMetrics, registerCapacityMetrics } from './admin/metrics.ts'
import { ConfigError } from './errors.ts'
import { FETCH_THROUGH, fetchThrough, lastOf } from './fetch-through.ts'
import { selectHashers } from './hashers.ts'
import { createListenError } from './listen-error.ts'
import { createTarget } from './targets.ts'
import { NAME, version } from './version.ts'
import type { BalancerConfig } from './config/config.ts'
import type { Log } from './log/log.ts'
import type { Nodes } from './nodes.ts'
import type { HostInit, HostServices } from '@kitsune/host'
import type { Gate } from '@kitsune/preload'
import type { RouterEvent, StrategyFactory, WantRouter, WantRouterInit } from '@kitsune/want-router'
import type { ComponentLogger, Libp2p, PrivateKey } from '@libp2p/interface'
import type { Registry } from 'prom-client'

/** The public host, with the router as one of its services. */
export type UpstreamHost = Libp2p<HostServices & { router: WantRouter }>

interface HostsInit {
  readonly config: BalancerConfig
  readonly strategy: StrategyFactory
  readonly privateKey: PrivateKey
  readonly log: Log
  readonly logger: ComponentLogger
  readonly registry: Registry
  /** Lets nodes ask clients that preload; undefined without preload. */
  readonly gate: Gate | undefined
  readonly policies: WantRouterInit['policies']
  /** The nodes. Call it only once the router exists, since they are created from its members. */
  nodes (): Nodes
  readonly tap: WantRouterInit['tap']
  onEvent (event: RouterEvent): void
}

/** Creates both hosts and the router between them. They are not started. */
export async function createHosts ({ config, strategy, privateKey, log, logger, registry, policies, gate, nodes, tap, onEvent }: HostsInit): Promise<{ upstream: UpstreamHost, downstream: Libp2p<HostServices> }> {
  const { maxConnections, maxNewConnections, preload, ...limits } = config.limits
  const host: HostInit = {
    limits: { maxConnections, newPerSecond: maxNewConnections },
    agent: { name: NAME, version: version() },
    logger,
    warn: message => { log.warn(message, { event: 'libp2p-changed' }) }
  }
  // a new identity in each process: with the public one, which replicas share, a node could send the blocks of one replica to another
  const downstream = await createHost(host)
  const upstream: UpstreamHost = await createHost<{ router: WantRouter }>({
    ...host,
    idleFor: (peer, { router }) => router.idleFor(peer),
    privateKey,
    listen: [...config.listen, ...config.websocket],
    announce: config.announce,
    ...(config.trustedProxy.length === 0 ? {} : { trustedProxies: createTrustedProxies(config.trustedProxy) }),
    services: {
      router: components => wantRouter({
        targets: [...config.downstreams.map(createTarget), ...(config.fetchThrough === 'on' ? [fetchThrough(() => ({ nodes: nodes(), router: upstream.services.router }))] : [])],
        strategy: config.fetchThrough === 'on' ? lastOf(strategy, FETCH_THROUGH) : strategy,
        haveMap: config.haveMap === 'off' ? undefined : { pinned: config.haveMap === 'pins', interval: Math.round(config.haveMapInterval * 1000) },
        downstream,
        metrics: createMetrics(registry, logger),
        hashers: selectHashers(config.hashes),
        limits,
        policies,
        ...(gate == null ? {} : { reverse: { policies: [gate.policy], limits: PRELOAD_REVERSE_LIMITS } }),
        tap,
        onEvent,
        endOfTick: endOfTick.decide
      })(components)
    }
  }).catch(err => {
    // for example, a node is the balancer itself, which only shows once the key is known
    throw err instanceof InvalidOptionError ? new ConfigError(err.message) : err
  })

  registerCapacityMetrics(registry, () => upstream.services.capacity.status)

  return { upstream, downstream }
}

/** Where clients can dial a host, each with /p2p/. */
export function addressesOf (host: Libp2p): string[] {
  return host.getMultiaddrs().map(address => address.toString())
}

/** @throws {StartError} it cannot listen on an address */
export async function listen (host: Libp2p): Promise<void> {
  try {
    await host.start()
  } catch (err) {
    throw createListenError(err as Error)
  }
}
