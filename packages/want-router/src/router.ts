import { DEFAULT_LIMITS } from './defaults.ts'
import { describe } from './describe.ts'
import { isDiscovery } from './discovery/discovery.ts'
import { createDriver } from './driver/driver.ts'
import { createPeerSessions } from './driver/peer-sessions.ts'
import { createVerifier } from './driver/verifier.ts'
import { createEngine } from './engine/engine.ts'
import { hashString } from './engine/hash.ts'
import { verifiableBy } from './engine/verifiability.ts'
import { InvalidOptionError } from './errors.ts'
import { registerLatencyMetrics } from './latency-metrics.ts'
import { createLocalClients } from './local/local-clients.ts'
import { registerMetrics } from './metrics.ts'
import { createHostComponents } from './network/components.ts'
import { clientAddress } from './policies/client-address.ts'
import { admissionOptions, checkPolicies } from './policies/options.ts'
import { createReverse } from './reverse/reverse.ts'
import { createRouterMembers } from './router-members.ts'
import { createRouterNetworks } from './router-networks.ts'
import { announce, hear } from './stands-for.ts'
import { checkStrategy } from './strategies/check-strategy.ts'
import { defaultStrategy } from './strategies/default.ts'
import { checkTarget } from './targets/check-target.ts'
import { platformTimers } from './timers.ts'
import type { Limits } from './defaults.ts'
import type { Discovery } from './discovery/discovery.ts'
import type { Driver } from './driver/driver.ts'
import type { BlockHasher } from './driver/verifier.ts'
import type { Engine } from './engine/io.ts'
import type { EngineStatus, MemberStatus } from './engine/status.ts'
import type { Tap } from './engine/tap.ts'
import type { MemberError, RouterEvent } from './events.ts'
import type { LocalClient } from './local/local-client.ts'
import type { LocalClients } from './local/local-clients.ts'
import type { NetworkComponents } from './network/components.ts'
import type { Network } from './network/network.ts'
import type { NetworkStats } from './network/stats.ts'
import type { PolicyOptions, PolicyStatus } from './policies/policy.ts'
import type { Reverse, ReverseDirection, ReverseInit, ReverseParts } from './reverse/reverse.ts'
import type { Members, RouterMembers } from './router-members.ts'
import type { RouterNetworks } from './router-networks.ts'
import type { StrategyFactory } from './strategies/strategy.ts'
import type { TargetInit } from './targets/target.ts'
import type { Libp2p, Logger, Metrics, PeerId, Startable } from '@libp2p/interface'

/** The host that faces upstream, as libp2p hands it to its services. */
export type WantRouterComponents = NetworkComponents & {
  readonly peerId: PeerId
  readonly metrics?: Metrics
}

/** What a router asks, and how. */
export interface WantRouterInit extends PolicyOptions {
  /**
   * What is asked: peers (`kubo`, `peers`), block sources (`source`), or both, and sets of them that change (`dns`). More
   * can be added while the router runs; until there are any, wants wait.
   */
  readonly targets: ReadonlyArray<TargetInit | readonly TargetInit[] | Discovery>
  /** Default: `boundedLoad(presence(rendezvous()))`. */
  readonly strategy?: StrategyFactory
  /**
   * A host of its own for the downstream side; default: the upstream one. Needed
   * as soon as two workers share the public identity, since a node replies on
   * whichever connection of an identity it likes. The router neither starts nor
   * stops it; start it before the router.
   */
  readonly downstream?: Libp2p
  /**
   * Whether the downstream host says which peer it asks for, so that two routers that are each other's nodes recognise
   * each other. False if the two sides are not to learn of one another. Default true.
   */
  readonly linkHosts?: boolean
  /**
   * Serves downstream peers, too: what they want is asked of clients. Each peer of a
   * single host is then either a node or a client: what a node wants goes this way
   * alone. Default: what downstream peers want is ignored, or, with a single host,
   * asked of members.
   */
  readonly reverse?: ReverseInit
  /** Default: the host's own. Given here alone, libp2p's tracking of every stream stays off. */
  readonly metrics?: Metrics
  /** Hash functions besides sha2-256, sha2-512 and identity. What cannot be verified is asked of no target and denied: DONT_HAVE. */
  readonly hashers?: readonly BlockHasher[]
  /** Is shown everything that goes into the engine and comes out of it: for debugging, and for recordings. */
  readonly tap?: Tap
  /**
   * Told as it happens what an operator should know: members that go and come, and
   * what block sources throw. The router itself prints nothing. It must not throw.
   */
  onEvent? (event: RouterEvent): void
  /** Overrides of {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<Limits>
}

/** A member, and what is known of it beyond the engine. */
export interface RouterMemberStatus extends MemberStatus {
  /** Since when it is in its state, ms since 1970. */
  readonly since: number
  /** What it last reported going wrong; it stays when the member is well again. */
  readonly lastError?: MemberError
  /** The peer behind the member, once it has been located; none for a block source. */
  readonly peer?: string
  /** Where that peer is dialled, best first. */
  readonly addresses?: readonly string[]
  /** Where it is connected now. */
  readonly connectedTo?: readonly string[]
}

/** A snapshot of a router. */
export interface RouterStatus extends EngineStatus {
  readonly ready: boolean
  readonly members: readonly RouterMemberStatus[]
  readonly network: NetworkStats
  /** In the order in which they are asked. */
  readonly policies: readonly PolicyStatus[]
}

/**
 * A router of wants, as a libp2p service. Its `get`, `getMany` and `has` are those of a
 * client that the process is by itself; `client(id)` makes others.
 */
export interface WantRouter extends Startable, LocalClient {
  /** Some member is up, and the router is not draining. */
  readonly ready: boolean
  /** A snapshot, for status pages and tests. */
  status (): RouterStatus
  /** Adds, drains, changes and removes members while the router runs. */
  readonly members: Members
  /** The direction in which clients are asked; undefined if there is none. */
  readonly reverse: ReverseDirection | undefined
  /**
   * For how long a client has had no want that is being looked for and nothing to be sent, ms; undefined while
   * it has. For a host with more connections than it wants: an idle one may give way. What all members lack is not
   * being looked for; a peer that never asked for anything has been idle for ever.
   */
  idleFor (peer: PeerId): number | undefined
  /**
   * A client within this process, by a name of its own: e.g. one for each remote address of an HTTP server. All that have
   * one name are one client. It takes no memory while it wants nothing.
   *
   * @throws {InvalidOptionError} for a name that is empty
   */
  client (id: string): LocalClient
  /**
   * Ends gracefully: `ready` turns false, peers that were not being served are
   * refused, as are new calls of `get`, and the promise resolves when nothing has been on its way for a
   * second and all has been sent, or when the signal aborts. `stop()` is still
   * to be called.
   */
  drain (options?: { signal?: AbortSignal }): Promise<void>
}

/** A client that has asked for nothing for so long is not in the middle of anything, ms. */
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
 * @throws {InvalidOptionError} for what is no target, strategy or policy, for targets or policies whose names are not distinct, for targets that the strategy cannot take, or where one is the router itself
 */
export function wantRouter (init: WantRouterInit): (components: WantRouterComponents) => WantRouter {
  if (!Array.isArray(init.targets)) {
    throw new InvalidOptionError(`targets is a list, as in [source(…), ...kubo([…])], not ${describe(init.targets)}`)
  }
  checkPolicies(init)
  checkPolicies(init.reverse ?? {})

  init.targets.flat().forEach((target, i) => {
    if (!isDiscovery(target)) {
      checkTarget(target, `targets[${i}]`)
    }
  })
  checkStrategy(init.strategy)

  return components => new Router(init, components)
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
  readonly #connectionManager: Pick<NetworkComponents['connectionManager'], 'getConnections'>
  #draining = false
  readonly #hearing: Array<() => void> = []
  #silence: (() => Promise<void>) | undefined

  constructor (init: WantRouterInit, components: WantRouterComponents) {
    const verify = createVerifier(init.hashers)
    const metrics = init.metrics ?? components.metrics
    const latencies = metrics == null ? undefined : registerLatencyMetrics(metrics)
    const own = new Set([components.peerId, init.downstream?.peerId].flatMap(peer => peer?.toString() ?? []))
    const seed = hashString(components.peerId.toString(), 0)
    const all = init.targets.flat()
    const targets = all.flatMap(target => isDiscovery(target) ? [] : [target])
    this.#init = init
    this.#components = components
    this.#log = components.logger.forComponent('kitsune:router')
    this.#connectionManager = init.downstream == null ? components.connectionManager : createHostComponents(init.downstream).connectionManager
    const admission = admissionOptions(init, init.limits)
    this.#engine = createEngine({
      members: targets,
      strategy: init.strategy ?? defaultStrategy(),
      strategyFailed: (method, error) => { this.#driver.strategyFailed(method, error) },
      now: platformTimers.now,
      randomSeed: Math.floor(Math.random() * 2 ** 32),
      seed,
      limits: init.limits,
      hashes: verify.hashes,
      admission: admission != null,
      attemptEnded: latencies?.attemptEnded,
      tap: init.tap
    })
    this.#driver = createDriver({
      engine: this.#engine,
      verify,
      admission,
      log: this.#log,
      onEvent: init.onEvent,
      onEnded: ends => {
        latencies?.ended(ends)
        this.#local.ended(ends)
      },
      upstream: {
        wake: peer => { this.#local.wake(peer) || this.#networks.upstream.wake(peer) },
        disconnect: (peer, why) => { this.#local.disconnect(peer, why) || this.#hangUp(this.#networks.upstream, peer) },
        address: client => clientAddress(components.connectionManager, client)
      }
    })
    this.#local = createLocalClients({
      driver: this.#driver,
      timers: platformTimers,
      limits: { ...DEFAULT_LIMITS, ...init.limits },
      verifiable: verifiableBy(verify.hashes)
    })
    this.get = this.#local.unnamed.get
    this.getMany = this.#local.unnamed.getMany
    this.has = this.#local.unnamed.has
    this.#reverse = init.reverse == null ? undefined : this.#createReverse(init.reverse, { seed, verify, own, isNode: peer => sessions.has(peer) })
    const sessions = createPeerSessions({
      connect: async (peer, addresses, signal) => this.#networks.connect(peer, addresses, signal),
      wake: peer => { this.#networks.downstream.wake(peer) },
      disconnect: peer => { this.#hangUp(this.#networks.downstream, peer) }
    }, { own, changed: this.#reverse == null ? undefined : peer => { this.#networks.nodeChanged(peer) } })
    this.#networks = createRouterNetworks({ components, downstream: init.downstream, engine: this.#engine, driver: this.#driver, sessions, reverse: this.#reverse })
    this.#members = createRouterMembers({ targets, discoveries: all.filter(isDiscovery), driver: this.#driver, sessions, own, logger: components.logger, log: this.#log })

    if (metrics != null) {
      this.#register(metrics)
    }
  }

  get reverse (): ReverseDirection | undefined {
    return this.#reverse
  }

  get members (): Members {
    return this.#members
  }

  get ready (): boolean {
    return !this.#draining && this.#engine.status().members.some(member => member.state === 'up')
  }

  status (): RouterStatus {
    const status = this.#engine.status()
    const members = status.members.map(member => ({ ...member, ...this.#driver.seen(member.id), ...this.#placeOf(member.id) }))

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

  async start (): Promise<void> {
    const { upstream, downstream } = this.#networks
    const { peerId, events } = this.#components
    await upstream.start()
    this.#hearing.push(hear(events, (peer, of) => {
      this.#driver.standsFor(peer, of)
      this.#reverse?.clients.standsFor(peer, of)
    }))

    if (this.#reverse != null) {
      this.#hearing.push(hear(this.#init.downstream ?? events, (peer, of) => { this.#reverse?.driver.standsFor(peer, of) }))
    }

    if (this.#init.downstream != null && this.#init.linkHosts !== false) {
      this.#silence = await announce(this.#init.downstream, peerId.toString())
    }

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
    this.#hearing.splice(0).forEach(stop => { stop() })
    await this.#silence?.()
    await this.#members.stop()
    await this.#driver.stop()
    await this.#reverse?.stop()
    await downstream.stop()

    if (downstream !== upstream) {
      await upstream.stop()
    }
  }

  #register (metrics: Metrics): void {
    const { upstream, downstream } = this.#networks

    registerMetrics(metrics, {
      status: () => this.#measured(),
      policies: () => [...this.#driver.policies(), ...this.#reverse?.driver.policies() ?? []],
      network: () => upstream.stats,
      dropped: () => upstream.stats.framesDropped + (downstream === upstream ? 0 : downstream.stats.framesDropped)
    })
  }

  #createReverse (init: ReverseInit, parts: Pick<ReverseParts, 'seed' | 'verify' | 'own' | 'isNode'>): Reverse {
    return createReverse({
      ...parts,
      init,
      logger: this.#components.logger,
      upstream: () => this.#networks.upstream,
      downstream: () => this.#networks.downstream,
      hangUp: peer => { this.#hangUp(this.#networks.downstream, peer) },
      address: peer => clientAddress(this.#connectionManager, peer),
      onEvent: this.#init.onEvent
    })
  }

  #placeOf (member: string): Pick<RouterMemberStatus, 'peer' | 'addresses' | 'connectedTo'> {
    const place = this.#members.placeOf(member)

    return place == null
      ? {}
      : {
          peer: place.peer.toString(),
          addresses: place.addresses.map(String),
          connectedTo: this.#connectionManager.getConnections(place.peer).map(({ remoteAddr }) => remoteAddr.toString())
        }
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
