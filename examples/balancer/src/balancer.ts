import { InvalidOptionError, wantRouter } from '@kitsune/want-router'
import { Registry } from 'prom-client'
import { capacityMetrics, createMetrics } from './admin/metrics.ts'
import { startAdminServer } from './admin/server.ts'
import { statusOf } from './admin/status.ts'
import { loadStrategy } from './config/strategy.ts'
import { ConfigError } from './errors.ts'
import { createDownstreamHost } from './hosts/downstream-host.ts'
import { hashers } from './hosts/hashers.ts'
import { createUpstreamHost } from './hosts/upstream-host.ts'
import { loadOrCreateKey } from './identity/key-file.ts'
import { listenError } from './listen-error.ts'
import { logChanges } from './log/change-log.ts'
import { componentLogger } from './log/component-logger.ts'
import { NO_LOG } from './log/log.ts'
import { startRecording } from './recording.ts'
import { targetOf } from './targets.ts'
import { NAME, version } from './version.ts'
import type { BalancerConfig } from './config/config.ts'
import type { CapacityStatus } from './hosts/capacity.ts'
import type { HostServices } from './hosts/host-options.ts'
import type { Log } from './log/log.ts'
import type { RouterEvent, RouterMemberStatus, WantRouter } from '@kitsune/want-router'
import type { ComponentLogger, Libp2p, PrivateKey } from '@libp2p/interface'

/** What a program that embeds the balancer can decide beyond its configuration. */
export interface BalancerOptions {
  /** In place of the key file, which is then not looked at. */
  privateKey?: PrivateKey
  /** For libp2p's own components. Default: nothing of theirs is logged. */
  logger?: ComponentLogger
  /** Where an operator reads what happens: {@link createLog}. Default: nowhere. */
  log?: Log
}

/** A running balancer. */
export interface Balancer {
  /** The public identity. */
  readonly peerId: string
  /** Where clients can dial it, each with /p2p/. */
  readonly addresses: readonly string[]
  /** `http://host:port` of the admin server. */
  readonly adminUrl: string
  readonly router: WantRouter
  /**
   * Takes no new wants, /readyz says so, and what was promised is sent.
   * Resolves when that is done or the signal aborts. Call {@link stop} then.
   */
  drain (options?: { signal?: AbortSignal }): Promise<void>
  /** Closes all it opened, at once. */
  stop (): Promise<void>
}

// what changes without an event of the router (clients that come and go) is looked at this often, ms
const LOOK = 1000

/**
 * Starts a balancer: an upstream host with the router, a downstream host, and
 * the admin server. It resolves when clients can dial it; whether a node behind
 * it is reachable is for /readyz and `router.ready` to tell.
 *
 * @throws {ConfigError} a module of the strategy cannot be used, or a node is the balancer itself
 * @throws {KeyFileError} the key file is unusable
 * @throws {StartError} an address cannot be listened on, or the recording cannot be written
 */
export async function startBalancer (config: BalancerConfig, options: BalancerOptions = {}): Promise<Balancer> {
  const { log = NO_LOG } = options
  const strategy = await loadStrategy(config.strategy, config.downstreams)
  const privateKey = options.privateKey ?? await loadOrCreateKey(config.key, log)
  const logger = componentLogger(log, options.logger)
  const registry = new Registry()
  const recording = config.record == null ? undefined : await startRecording(config.record, { log })
  const { maxConnections, maxNewConnections, ...limits } = config.limits
  const host = { maxConnections, newPerSecond: maxNewConnections, agent: { name: NAME, version: version() }, logger }
  const changes = logChanges({ log, whereIs: id => whereIs(router.status().members, id) })
  // a start that fails says why, and nothing of nodes
  const early: RouterEvent[] = []
  let onEvent = (event: RouterEvent): void => { early.push(event) }

  function follow (): void {
    onEvent = event => {
      changes.event(event)
      changes.readiness(unready())
    }
    early.forEach(onEvent)
  }

  const downstream = await createDownstreamHost(host)
  const upstream: Libp2p<HostServices & { router: WantRouter }> = await createUpstreamHost<{ router: WantRouter }>({
    ...host,
    idleFor: peer => upstream.services.router.idleFor(peer),
    privateKey,
    listen: [...config.listen, ...config.websocket],
    announce: config.announce,
    services: {
      router: components => wantRouter({
        targets: config.downstreams.map(targetOf),
        strategy,
        downstream,
        metrics: createMetrics(registry, logger),
        hashers: hashers(config.hashes),
        limits,
        tap: recording?.tap,
        onEvent: event => { onEvent(event) }
      })(components)
    }
  }).catch(err => {
    // such as a node that is the balancer itself, which is known only with the key
    throw err instanceof InvalidOptionError ? new ConfigError(err.message) : err
  })
  const { router, capacity } = upstream.services
  capacityMetrics(registry, () => capacity.status)
  const begun = Date.now()

  // stopped in reverse: the nodes are let go only when clients are
  const started: Array<() => void | Promise<void>> = []

  async function stop (): Promise<void> {
    for (const undo of started.splice(0).reverse()) {
      await undo()
    }
  }

  if (recording != null) {
    started.push(async () => { await recording.close() })
  }

  try {
    const admin = await startAdminServer({
      ...config.admin,
      notReady: unready,
      full: () => capacity.status.full,
      status: () => statusOf({ peerId: upstream.peerId.toString(), addresses: addresses(), begun, config, router: router.status() }),
      metrics: async () => ({ contentType: registry.contentType, body: await registry.metrics() })
    })
    started.push(async () => { await admin.stop() })

    await downstream.start()
    started.push(async () => { await downstream.stop() })

    await listening(upstream.start())
    const looking = setInterval(() => { changes.readiness(unready()) }, LOOK).unref()
    started.push(async () => {
      clearInterval(looking)
      await upstream.stop()
      changes.close()
      log.info('stopped', { event: 'stopped' })
    })
    const peerId = upstream.peerId.toString()
    log.info(`started as ${peerId} on ${addresses().join(', ')}; admin ${admin.url}`, { event: 'started', version: version(), peerId, addresses: addresses(), admin: admin.url })
    follow()

    return {
      peerId,
      get addresses () {
        return addresses()
      },
      adminUrl: admin.url,
      router,
      drain: async (options) => { await router.drain(options) },
      stop
    }
  } catch (err) {
    await stop()
    throw err
  }

  function unready (): string | undefined {
    return notReady(router) ?? noRoom(capacity.status)
  }

  function addresses (): string[] {
    return upstream.getMultiaddrs().map(address => address.toString())
  }
}

function notReady (router: WantRouter): string | undefined {
  if (!router.ready) {
    return router.status().draining ? 'draining' : 'no downstream node is up'
  }
}

function noRoom ({ admits, max }: CapacityStatus): string | undefined {
  return admits ? undefined : `full: ${max} clients are connected and none of them is idle`
}

function whereIs (members: readonly RouterMemberStatus[], id: string): { peer?: string, address?: string } {
  const { peer, connectedTo } = members.find(member => member.id === id) ?? {}

  return { peer, address: connectedTo?.[0] }
}

async function listening (start: void | Promise<void>): Promise<void> {
  try {
    await start
  } catch (err) {
    throw listenError(err as Error)
  }
}
