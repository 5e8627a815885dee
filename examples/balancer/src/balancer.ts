import { createHost } from '@kitsune/host/node'
import { PRELOAD_REVERSE_LIMITS } from '@kitsune/preload'
import { InvalidOptionError, wantRouter } from '@kitsune/want-router'
import { Registry } from 'prom-client'
import { createMetrics, registerCapacityMetrics, registerHttpMetrics, registerHttpRequests } from './admin/metrics.ts'
import { startAdminServer } from './admin/server.ts'
import { describeMember, describeStatus } from './admin/status.ts'
import { changedSettings } from './config/differences.ts'
import { expectMembers, loadStrategy } from './config/strategy.ts'
import { startDenylists } from './denylists.ts'
import { ConfigError } from './errors.ts'
import { FETCH_THROUGH, fetchThrough, lastOf } from './fetch-through.ts'
import { selectHashers } from './hashers.ts'
import { startHttpDoor } from './http/http-door.ts'
import { loadOrCreateKey } from './identity/key-file.ts'
import { createListenError } from './listen-error.ts'
import { createChangeLog } from './log/change-log.ts'
import { createComponentLogger } from './log/component-logger.ts'
import { NO_LOG } from './log/log.ts'
import { createNodes } from './nodes.ts'
import { createPreloadGate, startPreload } from './preload.ts'
import { startRecording } from './recording.ts'
import { createTarget } from './targets.ts'
import { NAME, version } from './version.ts'
import type { BalancerConfig } from './config/config.ts'
import type { HttpDoor } from './http/http-door.ts'
import type { ChangeLog } from './log/change-log.ts'
import type { Log } from './log/log.ts'
import type { Nodes } from './nodes.ts'
import type { CapacityStatus, HostInit, HostServices } from '@kitsune/host'
import type { Gate } from '@kitsune/preload'
import type { RouterEvent, RouterMemberStatus, StrategyFactory, WantRouter, WantRouterInit } from '@kitsune/want-router'
import type { ComponentLogger, Libp2p, PrivateKey } from '@libp2p/interface'

/** Options of a program that embeds the balancer, in addition to the configuration. */
export interface BalancerOptions {
  /** Used instead of the key file, which is then not read. */
  privateKey?: PrivateKey
  /** For libp2p's own components. Default: their messages are not logged. */
  logger?: ComponentLogger
  /** The log for operators: {@link createLog}. Default: none. */
  log?: Log
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
   * Takes the nodes of another configuration: adds those that are new, removes those that are not in it when they owe
   * nothing any more, and changes weights and labels. Clients notice nothing. What else differs takes effect at the next
   * start, and is named in the log.
   *
   * @throws {ConfigError} the strategy does not accept the nodes; then nothing has changed
   */
  reload (config: BalancerConfig): void
  /**
   * Refuses new wants, makes /readyz say so, and sends the answers that are due.
   * Resolves when they are sent or when the signal aborts. Then call {@link stop}.
   */
  drain (options?: { signal?: AbortSignal }): Promise<void>
  /** Closes everything that the balancer opened, at once. */
  stop (): Promise<void>
}

/** The public host, with the router as one of its services. */
type UpstreamHost = Libp2p<HostServices & { router: WantRouter }>

/** How often to check readiness, which can also change without an event of the router (clients come and go), ms. */
const READINESS_INTERVAL = 1000

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
  // undone in reverse order, so that the nodes are disconnected after the clients
  const undo: Array<() => void | Promise<void>> = []

  async function stop (): Promise<void> {
    for (const step of undo.splice(0).reverse()) {
      await step()
    }
  }

  try {
    const recording = config.record == null ? undefined : await startRecording(config.record, { log })
    undo.push(async () => { await recording?.close() })

    const denylists = await startDenylists(config.denylist, log)
    undo.push(() => { denylists?.stop() })

    const gate = createPreloadGate(config)
    const { upstream, downstream } = await createHosts({ config, strategy, privateKey, log, logger, registry, policies: denylists == null ? [] : [denylists], gate, nodes: () => nodes, tap: recording?.tap, onEvent: events.push })
    const nodes = createNodes({ downstreams: config.downstreams, members: upstream.services.router.members, grace: config.grace * 1000, log })
    const admin = await startAdmin(config, nodes, upstream, registry)
    undo.push(async () => { await admin.stop() })

    await downstream.start()
    undo.push(async () => { await downstream.stop() })

    const http = await startHttp(config, upstream, registry, log)
    undo.push(async () => { await http.stop() })
    const preload = gate == null || config.preload == null ? undefined : await startPreload({ config: config.preload, trustedProxies: config.trustedProxy, upstream, gate, nodes, strategy, registry, log })
    undo.push(async () => { await preload?.stop() })

    await listen(upstream)
    const peerId = upstream.peerId.toString()
    log.info(`started as ${peerId} on ${[...addressesOf(upstream), ...http.urls].join(', ')}; admin ${admin.url}`, { event: 'started', version: version(), peerId, addresses: addressesOf(upstream), http: http.urls, admin: admin.url })
    const { changes, timer } = logEvents(upstream, log, events)
    undo.push(
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
        // a client that preloads is still to be found, and asked
        await preload?.drain(options?.signal)
        await upstream.services.router.drain(options)
      },
      stop
    }
  } catch (err) {
    await stop()
    throw err
  }
}

interface HostsInit {
  readonly config: BalancerConfig
  readonly strategy: StrategyFactory
  readonly privateKey: PrivateKey
  readonly log: Log
  readonly logger: ComponentLogger
  readonly registry: Registry
  /** Lets nodes ask clients, if they preload. */
  readonly gate: Gate | undefined
  readonly policies: WantRouterInit['policies']
  /** The nodes, once there are any: they are made with the router's members. */
  nodes (): Nodes
  readonly tap: WantRouterInit['tap']
  onEvent (event: RouterEvent): void
}

/** Creates both hosts and the router between them. They are not started. */
async function createHosts ({ config, strategy, privateKey, log, logger, registry, policies, gate, nodes, tap, onEvent }: HostsInit): Promise<{ upstream: UpstreamHost, downstream: Libp2p<HostServices> }> {
  const { maxConnections, maxNewConnections, ...limits } = config.limits
  const host: HostInit = {
    limits: { maxConnections, newPerSecond: maxNewConnections },
    agent: { name: NAME, version: version() },
    logger,
    warn: message => { log.warn(message, { event: 'libp2p-changed' }) }
  }
  // it has a new identity in each process: replicas share the public one, so with
  // that a node could send one replica's blocks to another
  const downstream = await createHost(host)
  const upstream: UpstreamHost = await createHost<{ router: WantRouter }>({
    ...host,
    idleFor: (peer, { router }) => router.idleFor(peer),
    privateKey,
    listen: [...config.listen, ...config.websocket],
    announce: config.announce,
    services: {
      router: components => wantRouter({
        targets: [...config.downstreams.map(createTarget), ...(config.fetchThrough === 'on' ? [fetchThrough(() => ({ nodes: nodes(), router: upstream.services.router }))] : [])],
        strategy: config.fetchThrough === 'on' ? lastOf(strategy, FETCH_THROUGH) : strategy,
        downstream,
        metrics: createMetrics(registry, logger),
        hashers: selectHashers(config.hashes),
        limits,
        policies,
        ...(gate == null ? {} : { reverse: { policies: [gate.policy], limits: PRELOAD_REVERSE_LIMITS } }),
        tap,
        onEvent
      })(components)
    }
  }).catch(err => {
    // such as a node that is the balancer itself, which is known only with the key
    throw err instanceof InvalidOptionError ? new ConfigError(err.message) : err
  })

  registerCapacityMetrics(registry, () => upstream.services.capacity.status)

  return { upstream, downstream }
}

async function startAdmin (config: BalancerConfig, nodes: Nodes, upstream: UpstreamHost, registry: Registry): ReturnType<typeof startAdminServer> {
  const { router, capacity } = upstream.services
  const startedAt = Date.now()

  return startAdminServer({
    ...config.admin,
    notReady: () => whyNotReady(upstream),
    full: () => capacity.status.full,
    status: () => describeStatus({ peerId: upstream.peerId.toString(), addresses: addressesOf(upstream), startedAt, config, nodes, router: router.status() }),
    metrics: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    setDraining (id, draining) {
      const find = (): RouterMemberStatus | undefined => router.status().members.find(member => member.id === id)

      if (find() == null) {
        return undefined
      }

      router.members.update(id, { draining })
      const member = find()

      return member == null ? undefined : describeMember(member, nodes)
    }
  })
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

/** Holds events back until the balancer has started: the log of a failed start only says why it failed. */
interface EventGate {
  push (event: RouterEvent): void
  /** Passes on the events so far and all later ones. */
  open (listener: (event: RouterEvent) => void): void
}

function createEventGate (): EventGate {
  const held: RouterEvent[] = []
  let listener = (event: RouterEvent): void => { held.push(event) }

  return {
    push: event => { listener(event) },
    open (next) {
      listener = next
      held.splice(0).forEach(next)
    }
  }
}

/** Logs events of the router and changes of readiness. */
function logEvents (upstream: UpstreamHost, log: Log, events: EventGate): { changes: ChangeLog, timer: NodeJS.Timeout } {
  const { router } = upstream.services
  const changes = createChangeLog({ log, whereIs: id => whereIs(router.status().members, id) })
  const timer = setInterval(() => { changes.readiness(whyNotReady(upstream)) }, READINESS_INTERVAL).unref()

  events.open(event => {
    changes.event(event)
    changes.readiness(whyNotReady(upstream))
  })

  return { changes, timer }
}

function whyNotReady ({ services: { router, capacity } }: UpstreamHost): string | undefined {
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

function addressesOf (host: Libp2p): string[] {
  return host.getMultiaddrs().map(address => address.toString())
}

function whereIs (members: readonly RouterMemberStatus[], id: string): { peer?: string, address?: string } {
  const { peer, connectedTo } = members.find(member => member.id === id) ?? {}

  return { peer, address: connectedTo?.[0] }
}

async function listen (host: Libp2p): Promise<void> {
  try {
    await host.start()
  } catch (err) {
    throw createListenError(err as Error)
  }
}
