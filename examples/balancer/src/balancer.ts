import { Registry } from 'prom-client'
import { registerHttpMetrics, registerHttpRequests } from './admin/metrics.ts'
import { startAdminServer } from './admin/server.ts'
import { describeMember, describeStatus } from './admin/status.ts'
import { createCleanup } from './cleanup.ts'
import { changedSettings } from './config/differences.ts'
import { expectMembers, loadStrategy } from './config/strategy.ts'
import { startDenylists } from './denylists.ts'
import { createEventGate, logEvents } from './event-log.ts'
import { addressesOf, createHosts, listen } from './hosts.ts'
import { startHttpDoor } from './http/http-door.ts'
import { loadOrCreateKey } from './identity/key-file.ts'
import { createComponentLogger } from './log/component-logger.ts'
import { NO_LOG } from './log/log.ts'
import { createNodes } from './nodes.ts'
import { startRegistry } from './preload-registry.ts'
import { createPreloadGate, startPreload } from './preload.ts'
import { whyNotReady } from './readiness.ts'
import { startRecording } from './recording.ts'
import { version } from './version.ts'
import type { AdminServer, AdminView } from './admin/server.ts'
import type { BalancerConfig } from './config/config.ts'
import type { UpstreamHost } from './hosts.ts'
import type { HttpDoor } from './http/http-door.ts'
import type { Log } from './log/log.ts'
import type { Nodes } from './nodes.ts'
import type { RouterMemberStatus, WantRouter } from '@kitsune/want-router'
import type { ComponentLogger, PrivateKey } from '@libp2p/interface'

/** Options of a program that embeds the balancer, in addition to the configuration. */
export interface BalancerOptions {
  /** The public identity, if it is not in the key file, which is then not read. */
  privateKey?: PrivateKey
  /** For libp2p's own components. Default: their messages are not logged. */
  logger?: ComponentLogger
  /** The log for operators: {@link createLog}. Default: none. */
  log?: Log
  /** Serves what the admin server shows. Default: a server on the address of the configuration. */
  serveAdmin? (view: AdminView): Promise<AdminServer>
}

/** A running balancer. */
export interface Balancer {
  /** The public identity. */
  readonly peerId: string
  /** Where clients can dial it, each with /p2p/. */
  readonly addresses: readonly string[]
  /** `http://host:port` or `https://host:port` of each HTTP server. */
  readonly httpUrls: readonly string[]
  /** `http://host:port` of the admin server. */
  readonly adminUrl: string
  /** `http://host:port` of /api/v0/refs, if the balancer preloads. */
  readonly preloadUrl: string | undefined
  readonly router: WantRouter
  /**
   * Applies the nodes of another configuration: adds new ones, removes missing ones once they
   * have finished their wants, and changes weights and labels. Clients notice nothing. Other
   * settings take effect at the next start; the log names those that differ.
   *
   * @throws {ConfigError} the strategy does not accept the nodes; then nothing has changed
   */
  reload (config: BalancerConfig): void
  /**
   * Refuses new wants, lets /readyz report that, and sends the answers that are due. Resolves
   * when they are sent or when the signal aborts. Then call {@link stop}.
   */
  drain (options?: { signal?: AbortSignal }): Promise<void>
  /** Closes everything that the balancer opened, at once. */
  stop (): Promise<void>
}

/**
 * Starts a balancer: an upstream host with the router, a downstream host, and the
 * admin server. It resolves when clients can dial the balancer; /readyz and
 * `router.ready` tell whether a node behind it is reachable.
 *
 * @throws {ConfigError} a module of the strategy cannot be used, or a node is the balancer itself
 * @throws {KeyFileError} the key file is unusable
 * @throws {StartError} the balancer cannot listen on an address, or cannot write the recording
 */
export async function startBalancer (config: BalancerConfig, options: BalancerOptions = {}): Promise<Balancer> {
  const { log = NO_LOG } = options
  const strategy = await loadStrategy(config.strategy, config.downstreams)
  const privateKey = options.privateKey ?? await loadOrCreateKey(config.key, log)
  const logger = createComponentLogger(log, options.logger)
  const registry = new Registry()
  const events = createEventGate()
  // in reverse order, so that the nodes are disconnected after the clients
  const cleanup = createCleanup()

  try {
    const recording = config.record == null ? undefined : await startRecording(config.record, { log })
    cleanup.add(async () => { await recording?.close() })

    const denylists = await startDenylists(config.denylist, log)
    cleanup.add(() => { denylists?.stop() })

    const gate = createPreloadGate(config)
    const { upstream, downstream } = await createHosts({ config, strategy, privateKey, log, logger, registry, policies: denylists == null ? [] : [denylists], gate, nodes: () => nodes, tap: recording?.tap, onEvent: events.push })
    const nodes = createNodes({ downstreams: config.downstreams, members: upstream.services.router.members, grace: config.grace * 1000, log })
    const requests = config.redis == null ? undefined : startRegistry({ config: config.redis, peerId: upstream.peerId.toString(), registry, log })
    cleanup.add(() => { requests?.stop() })
    const { serveAdmin = async view => startAdminServer({ ...config.admin, view }) } = options
    const admin = await serveAdmin(createAdminView(config, nodes, upstream, registry, () => requests?.problem))
    cleanup.add(async () => { await admin.stop() })

    await downstream.start()
    cleanup.add(async () => { await downstream.stop() })

    const http = await startHttp(config, upstream, registry, log)
    cleanup.add(async () => { await http.stop() })
    const preload = gate == null || config.preload == null ? undefined : await startPreload({ config: config.preload, limits: config.limits.preload, trustedProxies: config.trustedProxy, upstream, gate, nodes, strategy, requests: requests?.requests, registry, log })
    cleanup.add(async () => { await preload?.stop() })

    await listen(upstream)
    const peerId = upstream.peerId.toString()
    log.info(`started as ${peerId} on ${[...addressesOf(upstream), ...http.urls].join(', ')}${admin.url === '' ? '' : `; admin ${admin.url}`}`, { event: 'started', version: version(), peerId, addresses: addressesOf(upstream), http: http.urls, admin: admin.url })
    const { changes, timer } = logEvents(upstream, log, events)
    cleanup.add(
      () => {
        changes.close()
        log.info('stopped', { event: 'stopped' })
      },
      async () => { await upstream.stop() },
      () => { nodes.stop() },
      () => { clearInterval(timer) }
    )

    return {
      peerId,
      get addresses () {
        return addressesOf(upstream)
      },
      httpUrls: http.urls,
      adminUrl: admin.url,
      preloadUrl: preload?.url,
      router: upstream.services.router,
      reload (next) {
        expectMembers(strategy, next.downstreams)
        nodes.follow(next.downstreams)
        void http.renewCertificate()
        void denylists?.refresh()
        logReload(log, next, changedSettings(config, next))
      },
      async drain (options) {
        // first, since the nodes must still find clients that preload, and ask them
        await preload?.drain(options?.signal)
        await upstream.services.router.drain(options)
      },
      stop: cleanup.run
    }
  } catch (err) {
    await cleanup.run()
    throw err
  }
}

function createAdminView (config: BalancerConfig, nodes: Nodes, upstream: UpstreamHost, registry: Registry, problem: () => string | undefined): AdminView {
  const { router, capacity } = upstream.services
  const startedAt = Date.now()

  return {
    notReady: () => whyNotReady(upstream),
    full: () => capacity.status.full,
    problem,
    status: () => describeStatus({ peerId: upstream.peerId.toString(), addresses: addressesOf(upstream), startedAt, config, nodes, router: router.status() }),
    metrics: async () => registry,
    setDraining (id, draining) {
      const find = (): RouterMemberStatus | undefined => router.status().members.find(member => member.id === id)

      if (find() == null) {
        return undefined
      }

      router.members.update(id, { draining })
      const member = find()

      return member == null ? undefined : describeMember(member, nodes)
    }
  }
}

async function startHttp (config: BalancerConfig, upstream: UpstreamHost, registry: Registry, log: Log): Promise<HttpDoor> {
  const door = await startHttpDoor({
    config,
    peerId: upstream.peerId.toString(),
    router: upstream.services.router,
    bitswapAddresses: () => addressesOf(upstream).map(address => address.replace(/\/p2p\/[^/]*$/, '')),
    answered: registerHttpRequests(registry),
    log
  })
  registerHttpMetrics(registry, () => door.status)

  return door
}

function logReload (log: Log, { downstreams }: BalancerConfig, changed: readonly string[]): void {
  const nodes = downstreams.map(({ id }) => id)
  log.info(`reloaded: the nodes are ${nodes.join(', ')}`, { event: 'reloaded', nodes })

  if (changed.length > 0) {
    log.warn(`these settings have changed and take effect at the next start: ${changed.join(', ')}`, { event: 'needs-restart', settings: changed })
  }
}
