import { DEFAULT_LIMITS } from './defaults.ts'
import { createDirection } from './direction.ts'
import { isDiscovery } from './discovery/discovery.ts'
import { createVerifier } from './driver/verifier.ts'
import { hashString } from './engine/hash.ts'
import { verifiableBy } from './engine/verifiability.ts'
import { createHaveMap } from './have-map/have-map.ts'
import { mapped } from './have-map/mapped.ts'
import { registerHaveMapMetrics } from './have-map/metrics.ts'
import { createHaves } from './haves.ts'
import { createHostLinks } from './host-links.ts'
import { createLocalClients } from './local/local-clients.ts'
import { registerMetrics } from './metrics.ts'
import { createHostComponents } from './network/components.ts'
import { clientAddress } from './policies/client-address.ts'
import { createReverse } from './reverse/reverse.ts'
import { checkInit } from './router-init.ts'
import { createRouterMembers } from './router-members.ts'
import { createRouterNetworks } from './router-networks.ts'
import { listOf, placeOf } from './router-status.ts'
import { defaultStrategy } from './strategies/default.ts'
import { platformTimers } from './timers.ts'
import type { DirectionParts } from './direction.ts'
import type { Driver } from './driver/driver.ts'
import type { Engine } from './engine/io.ts'
import type { EngineStatus } from './engine/status.ts'
import type { HaveMap, HaveMapInit } from './have-map/have-map.ts'
import type { Haves, HavesTable } from './haves.ts'
import type { HostLinks } from './host-links.ts'
import type { LatencyMetrics } from './latency-metrics.ts'
import type { LocalClient } from './local/local-client.ts'
import type { LocalClients } from './local/local-clients.ts'
import type { NetworkComponents } from './network/components.ts'
import type { Network } from './network/network.ts'
import type { Reverse, ReverseDirection, ReverseInit } from './reverse/reverse.ts'
import type { WantRouterComponents, WantRouterInit } from './router-init.ts'
import type { Members, RouterMembers } from './router-members.ts'
import type { RouterNetworks } from './router-networks.ts'
import type { RouterStatus } from './router-status.ts'
import type { WantRouter } from './want-router.ts'
import type { Logger, Metrics, PeerId } from '@libp2p/interface'

/** A client that has asked for nothing for this long is not in the middle of anything, ms. */
const DRAIN_QUIET = 1000

/**
 * A libp2p service that answers bitswap wants from its targets.
 *
 * @example
 * ```ts
 * const node = await createLibp2p({
 *   services: { identify: identify(), router: wantRouter({ targets: kubo(['http://127.0.0.1:5001']) }) }
 * })
 * ```
 *
 * @throws {InvalidOptionError} for anything that is not a target, strategy or policy, for an option or a limit that does not exist or is invalid, for targets or policies whose names are not distinct, for targets that the strategy cannot take, or where one is the router itself
 */
export function wantRouter (init: WantRouterInit): (components: WantRouterComponents) => WantRouter {
  const checked = checkInit(init)

  return components => new Router(checked, components)
}

class Router implements WantRouter {
  readonly get: LocalClient['get']
  readonly getMany: LocalClient['getMany']
  readonly has: LocalClient['has']
  readonly #init: WantRouterInit
  readonly #components: WantRouterComponents
  readonly #log: Logger
  readonly #engine: Engine
  readonly #driver: Driver
  readonly #local: LocalClients
  readonly #networks: RouterNetworks
  readonly #members: RouterMembers
  readonly #reverse: Reverse | undefined
  readonly #links: HostLinks
  readonly #connectionManager: Pick<NetworkComponents['connectionManager'], 'getConnections'>
  readonly #haveMap: HaveMap | undefined
  #haves: HavesTable | undefined
  #draining = false

  constructor (init: WantRouterInit, components: WantRouterComponents) {
    const metrics = init.metrics ?? components.metrics
    const latencies = metrics == null ? undefined : this.#register(metrics)
    const all = init.targets.flat()
    const targets = all.flatMap(target => isDiscovery(target) ? [] : [target])
    const parts: DirectionParts = {
      seed: hashString(components.peerId.toString(), 0),
      verify: createVerifier(init.hashers),
      timers: init.endOfTick == null ? platformTimers : { ...platformTimers, endOfTick: init.endOfTick },
      own: new Set([components.peerId, init.downstream?.peerId].flatMap(peer => peer?.toString() ?? []))
    }
    this.#init = init
    this.#components = components
    this.#log = components.logger.forComponent('kitsune:router')
    this.#haveMap = init.haveMap == null ? undefined : this.#createHaveMap(init.haveMap, metrics)
    this.#connectionManager = init.downstream == null ? components.connectionManager : createHostComponents(init.downstream).connectionManager
    const { engine, driver, sessions } = createDirection({
      ...parts,
      options: this.#haveMap == null ? init : { ...init, strategy: mapped(init.strategy ?? defaultStrategy(), this.#haveMap) },
      members: targets,
      log: this.#log,
      onEvent: event => {
        this.#haves?.onEvent(event)
        this.#haveMap?.onEvent(event)
        init.onEvent?.(event)
      },
      onEnded: ends => {
        latencies?.ended(ends)
        this.#local.ended(ends)
      },
      wantsEnds: () => latencies != null || this.#local.active,
      upstream: {
        wake: peer => { this.#local.wake(peer) || this.#networks.upstream.wake(peer) },
        disconnect: (peer, why) => { this.#local.disconnect(peer, why) || this.#hangUp(this.#networks.upstream, peer) },
        address: client => clientAddress(components.connectionManager, client)
      },
      downstream: {
        connect: async (peer, addresses, signal) => this.#networks.connect(peer, addresses, signal),
        wake: peer => { this.#networks.downstream.wake(peer) },
        disconnect: peer => { this.#hangUp(this.#networks.downstream, peer) }
      },
      sessions: {
        changed: peer => {
          this.#networks.nodeChanged(peer)
          this.#links.memberChanged(peer)
        },
        check: init.linkHosts === false ? undefined : async (peer, signal) => this.#links.expectNoRing(peer, signal)
      }
    })
    latencies != null && engine.watchAttempts(latencies.attemptEnded)
    this.#haveMap != null && engine.watchAttempts(outcome => { this.#haveMap?.attemptEnded(outcome) })
    this.#engine = engine
    this.#driver = driver
    this.#local = createLocalClients({
      driver,
      timers: platformTimers,
      limits: { ...DEFAULT_LIMITS, ...init.limits },
      verifiable: verifiableBy(parts.verify.hashes)
    })
    this.get = this.#local.unnamed.get
    this.getMany = this.#local.unnamed.getMany
    this.has = this.#local.unnamed.has
    this.#reverse = init.reverse == null ? undefined : this.#createReverse(init.reverse, parts, peer => sessions.has(peer))
    this.#links = createHostLinks({ components, downstream: init.downstream, told: init.linkHosts !== false, driver, sessions, reverse: this.#reverse, log: this.#log })
    this.#networks = createRouterNetworks({ components, downstream: init.downstream, engine, driver, sessions, reverse: this.#reverse, limits: init.networkLimits })
    this.#members = createRouterMembers({ targets, discoveries: all.filter(isDiscovery), driver, sessions, own: parts.own, logger: components.logger, log: this.#log })
  }

  get reverse (): ReverseDirection | undefined {
    return this.#reverse
  }

  get members (): Members {
    return this.#members
  }

  get ready (): boolean {
    return !this.#draining && this.#engine.anyUp
  }

  get unsentBytes (): number {
    return this.#engine.unsent
  }

  status (): RouterStatus {
    const status = this.#engine.status()
    const members = status.members.map(member => ({
      ...member,
      ...this.#driver.seen(member.id),
      ...placeOf(this.#members.placeOf(member.id), this.#connectionManager),
      ...(this.#haveMap == null ? {} : listOf(this.#haveMap.list(member.id)))
    }))

    return { ready: this.ready, ...status, members, network: this.#networks.upstream.stats, policies: this.#driver.policies() }
  }

  idleFor (peer: PeerId): number | undefined {
    const id = peer.toString()
    const idle = this.#engine.idleFor(id)
    const reverse = this.#reverse == null ? idle : this.#reverse.idleFor(id)

    return idle == null || reverse == null ? undefined : Math.min(idle, reverse)
  }

  client (id: string): LocalClient {
    return this.#local.client(id)
  }

  rememberHaves (): Haves {
    const table = this.#haves ?? this.#beginTable()
    const map = this.#haveMap

    return map == null ? table : { get: cid => table.get(cid) ?? map.get(cid) }
  }

  async start (): Promise<void> {
    const { upstream, downstream } = this.#networks
    await upstream.start()
    await this.#links.start()

    if (downstream !== upstream) {
      await downstream.start()
    }

    await this.#members.start()
  }

  async drain ({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.#draining = true
    this.#local.drain()
    this.#reverse?.drain()
    await this.#driver.drain(DRAIN_QUIET, signal)
    await this.#networks.upstream.flushed(signal)
  }

  async stop (): Promise<void> {
    const { upstream, downstream } = this.#networks
    this.#local.stop()
    this.#haveMap?.stop()
    await this.#links.stop()
    await this.#members.stop()
    await this.#driver.stop()
    await this.#reverse?.stop()
    await downstream.stop()

    if (downstream !== upstream) {
      await upstream.stop()
    }
  }

  #register (metrics: Metrics): LatencyMetrics {
    return registerMetrics(metrics, {
      status: () => this.#measured(),
      policies: () => [...this.#driver.policies(), ...this.#reverse?.driver.policies() ?? []],
      network: () => this.#networks.upstream.stats,
      dropped: () => {
        const { upstream, downstream } = this.#networks

        return upstream.stats.framesDropped + (downstream === upstream ? 0 : downstream.stats.framesDropped)
      }
    })
  }

  #beginTable (): HavesTable {
    const table = createHaves(platformTimers.now)
    this.#haves = table
    this.#engine.watchAttempts(table.attemptEnded)

    return table
  }

  #createHaveMap (init: HaveMapInit, metrics: Metrics | undefined): HaveMap {
    const map = createHaveMap(init, {
      timers: platformTimers,
      seed: Math.floor(Math.random() * 2 ** 32),
      holdingsOf: member => this.#members.holdingsOf(member),
      failed: (member, error) => {
        this.#log.error('%s cannot list its blocks - %e', member, error)
        this.#init.onEvent?.({ type: 'member-error', member, error })
      }
    })

    if (metrics != null) {
      registerHaveMapMetrics(metrics, { members: () => this.#engine.status().members, list: member => map.list(member), firstAnswers: map.firstAnswers })
    }

    return map
  }

  #createReverse (init: ReverseInit, parts: DirectionParts, isNode: (peer: string) => boolean): Reverse {
    return createReverse({
      ...parts,
      init,
      isNode,
      logger: this.#components.logger,
      upstream: () => this.#networks.upstream,
      downstream: () => this.#networks.downstream,
      hangUp: peer => { this.#hangUp(this.#networks.downstream, peer) },
      address: peer => clientAddress(this.#connectionManager, peer),
      onEvent: this.#init.onEvent
    })
  }

  /** What metrics show: all clients that are asked are one member. */
  #measured (): EngineStatus {
    const status = this.#engine.status()

    return this.#reverse == null ? status : { ...status, members: [...status.members, this.#reverse.summary()] }
  }

  #hangUp (side: Network, peer: string): void {
    side.disconnect(peer).catch(err => { this.#log.error('could not disconnect %s - %e', peer, err) })
  }
}
