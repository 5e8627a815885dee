/**
 * A whole router on a simulated clock, composed like `wantRouter`:
 * both directions, one host or two, and clients within the process. Only its networks
 * are simulated.
 *
 * Unlike in `world.ts`, promises settle here: after each call that changes something, await `settle` or `pass`.
 */
import { DEFAULT_LIMITS, peerTarget } from '@kitsune/want-router'
import { hashString, verifiableBy } from '@kitsune/want-router/engine'
import { createDirection, createLocalClients, createReverse, createRouterMembers, createRouterNetworks, peerIdFromString } from '@kitsune/want-router/parts'
import { seededRandom } from '@kitsune/want-router/testing'
import { verifyContent } from '../../world/content.ts'
import { silentLogger } from '../../world/silent-log.ts'
import { HASHES } from '../scenario/blocks.ts'
import { createFakeNetwork } from './fake-network.ts'
import type { FakeNetwork, PeerEnd } from './fake-network.ts'
import type { BitswapMessage } from '@kitsune/bitswap-codec'
import type { Limits, PolicyOptions, StrategyFactory, TargetInit } from '@kitsune/want-router'
import type { Engine, EngineInit } from '@kitsune/want-router/engine'
import type { DirectionParts, Direction as RouterDirection, LocalClients, RemoveOptions, Reverse, RouterMembers, RouterNetworks } from '@kitsune/want-router/parts'
import type { FakeClock } from '@kitsune/want-router/testing'

/** Which of the two engines: the one whose clients are peers and whose members are nodes, or the other one. */
export type Direction = 'forward' | 'reverse'

/** The drawn settings of one engine. */
export interface DirectionInit extends PolicyOptions {
  readonly strategy: StrategyFactory
  readonly limits: Partial<Limits>
}

interface RouterWorldInit {
  readonly seed: number
  readonly clock: FakeClock
  /** One host: nodes and clients are peers of one network. */
  readonly hosts: 1 | 2
  /** Peers that the router dials, and others, which connect on their own. */
  readonly nodes: readonly PeerEnd[]
  readonly clients: readonly PeerEnd[]
  /** Which clients are asked. */
  readonly asked: 'registered' | 'connected'
  readonly forward: DirectionInit
  readonly reverse: DirectionInit
  /** Makes the engine of a direction. */
  engine (direction: Direction, init: EngineInit): Engine
}

/** A router, its clients and its nodes, and the time that passes for them. */
export interface RouterWorld {
  readonly reverse: Reverse
  readonly local: LocalClients
  isConnected (peer: PeerEnd): boolean
  /** Connects a client. */
  connect (peer: PeerEnd): void
  /** Closes the last connection of a peer. A node is dialled again. */
  disconnect (peer: PeerEnd): void
  /** Makes a removed node a member again. */
  add (node: PeerEnd): void
  remove (node: PeerEnd, options: RemoveOptions): Promise<void>
  /** Whether a node is asked nothing new. */
  update (node: PeerEnd, draining: boolean): void
  send (peer: PeerEnd, message: Partial<BitswapMessage>): void
  /** Resolves when nothing more happens at this moment. */
  settle (): Promise<void>
  /** Lets time pass, and runs everything that falls due. */
  pass (ms: number): Promise<void>
  /** When the targets of nodes have begun to dial. */
  readonly started: Promise<unknown>
  /** Resolves when the clients that it knew are served, and nothing more happens. */
  drain (): Promise<void>
  stop (): Promise<void>
}

/** How long nothing may happen before a drain ends, as in `wantRouter`, ms. */
export const QUIET = 1000

const EMPTY: BitswapMessage = { wants: [], full: false, blocks: [], presences: [], pendingBytes: 0 }

/** Makes a router at time 0, without connected peers. */
export function createRouterWorld (init: RouterWorldInit): RouterWorld {
  return new ChaosRouter(init)
}

class ChaosRouter implements RouterWorld {
  readonly reverse: Reverse
  readonly local: LocalClients
  readonly started: Promise<unknown>
  readonly #members: RouterMembers
  readonly #init: RouterWorldInit
  readonly #forward: RouterDirection
  readonly #networks: RouterNetworks
  readonly #verify = Object.assign((prefix: Uint8Array, bytes: Uint8Array) => verifyContent(prefix, bytes), { hashes: HASHES })

  constructor (init: RouterWorldInit) {
    const { clock, clients, nodes, hosts } = init
    const peers = new Map([...nodes, ...clients].map(peer => [peer.id, peer]))
    this.#init = init
    this.#forward = this.#createForward()
    const { engine, driver, sessions } = this.#forward
    this.local = createLocalClients({ driver, timers: clock, limits: { ...DEFAULT_LIMITS, ...init.forward.limits }, verifiable: verifiableBy(HASHES) })
    this.reverse = this.#createReverse()
    this.#networks = createRouterNetworks({
      components: undefined as never, // only the network, which is not made, would use them
      downstream: hosts === 1 ? undefined : { logger: silentLogger } as never,
      engine,
      driver,
      sessions,
      reverse: this.reverse,
      create: ({ exchange }) => createFakeNetwork(exchange, clock, peers)
    })
    this.#members = createRouterMembers({
      targets: nodes.map(node => this.#targetOf(node)),
      discoveries: [],
      driver,
      sessions,
      own: new Set(),
      logger: silentLogger,
      log: silentLogger.forComponent()
    })
    this.started = this.#members.start()
  }

  isConnected (peer: PeerEnd): boolean {
    return this.#networkOf(peer).isConnected(peer.id)
  }

  connect (peer: PeerEnd): void {
    this.#networkOf(peer).opened(peer.id)
  }

  disconnect (peer: PeerEnd): void {
    this.#networkOf(peer).closed(peer.id)
  }

  add (node: PeerEnd): void {
    this.#members.add(this.#targetOf(node))
  }

  async remove ({ id }: PeerEnd, options: RemoveOptions): Promise<void> {
    await this.#members.remove(nameOf(id), options)
  }

  update ({ id }: PeerEnd, draining: boolean): void {
    this.#members.update(nameOf(id), { draining })
  }

  send (peer: PeerEnd, message: Partial<BitswapMessage>): void {
    const network = this.#networkOf(peer)

    if (network.isConnected(peer.id)) {
      void network.exchange.receive(peer.id, { ...EMPTY, ...message }, '/ipfs/bitswap/1.2.0', 0)
    }
  }

  async settle (): Promise<void> {
    await this.pass(0)
  }

  async pass (ms: number): Promise<void> {
    const { clock } = this.#init
    const end = clock.now() + ms

    // as in an event loop, promises settle between one event and the next
    do {
      await allPromises()
    } while (clock.step(end))

    clock.pass(end - clock.now())
  }

  async drain (): Promise<void> {
    this.local.drain()
    this.reverse.drain()
    await this.#forward.driver.drain(QUIET)
  }

  async stop (): Promise<void> {
    this.local.stop()
    await this.#members.stop()
    const stopped = Promise.all([this.#forward.driver.stop(), this.reverse.stop()])
    await this.pass(10_000)
    await stopped
  }

  #networkOf (peer: PeerEnd): FakeNetwork {
    const { upstream, downstream } = this.#networks

    return (this.#init.nodes.includes(peer) ? downstream : upstream) as FakeNetwork
  }

  #closed (side: 'upstream' | 'downstream', peer: string): void {
    (this.#networks[side] as FakeNetwork).closed(peer)
  }

  #createForward (): RouterDirection {
    const { nodes, forward } = this.#init

    return createDirection({
      ...this.#parts('forward'),
      options: forward,
      members: nodes.map(({ id }) => ({ id: nameOf(id) })),
      log: silentLogger.forComponent(),
      onEnded: ends => { this.local.ended(ends) },
      wantsEnds: () => this.local.active,
      upstream: {
        wake: peer => { this.local.wake(peer) || this.#networks.upstream.wake(peer) },
        disconnect: (peer, why) => { this.local.disconnect(peer, why) || this.#closed('upstream', peer) }
      },
      downstream: {
        connect: async (...args) => this.#networks.connect(...args),
        wake: peer => { this.#networks.downstream.wake(peer) },
        disconnect: peer => { this.#closed('downstream', peer) }
      },
      sessions: { changed: peer => { this.#networks.nodeChanged(peer) } }
    })
  }

  #createReverse (): Reverse {
    const { asked, reverse } = this.#init

    return createReverse({
      ...this.#parts('reverse'),
      init: { ...reverse, members: asked },
      logger: silentLogger,
      upstream: () => this.#networks.upstream,
      downstream: () => this.#networks.downstream,
      isNode: peer => this.#forward.sessions.has(peer),
      hangUp: peer => { this.#closed('downstream', peer) }
    })
  }

  #parts (direction: Direction): DirectionParts {
    const { clock, seed } = this.#init

    return {
      seed,
      randomSeed: hashString(direction, seed),
      verify: this.#verify,
      own: new Set(),
      timers: clock,
      engine: init => this.#init.engine(direction, init)
    }
  }

  #targetOf ({ id }: PeerEnd): TargetInit {
    const { clock, seed } = this.#init

    return peerTarget({
      id: nameOf(id),
      locate: async () => ({ peer: peerIdFromString(id), addresses: [] }),
      retry: { timers: clock, random: seededRandom(hashString(id, seed)) }
    })
  }
}

/** The name of a node differs from its peer id, as it does for a node whose address is configured. */
export function nameOf (id: string): string {
  return `node ${id.slice(-2)}`
}

async function allPromises (): Promise<void> {
  await new Promise(resolve => { setImmediate(resolve) })
}
