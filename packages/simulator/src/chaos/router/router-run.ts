import { DEFAULT_LIMITS } from '@kitsune/want-router'
import { hashString } from '@kitsune/want-router/engine'
import { seededRandom } from '@kitsune/want-router/testing'
import { broken } from '../errors.ts'
import { expectNothing } from '../recovery.ts'
import { createDice } from '../scenario/dice.ts'
import { LocalCaller } from './local-caller.ts'
import { expectTruth } from './local-truth.ts'
import { expectDrain } from './router-drain.ts'
import { RouterMembership } from './router-membership.ts'
import { RouterPeer } from './router-peer.ts'
import { RouterPolicies } from './router-policies.ts'
import { directionBound, expectRecovery, missingOf } from './router-recovery.ts'
import { drawBlocks, drawDirection } from './router-scenario.ts'
import { createRouterWorld, nameOf } from './router-world.ts'
import type { AdmissionMonitor } from '../observer/admission-monitor.ts'
import type { Monitor } from '../observer/monitor.ts'
import type { Block } from '../scenario/blocks.ts'
import type { Stage } from '../stage.ts'
import type { RouterPeerContext, Side } from './router-peer.ts'
import type { Direction, DirectionInit, RouterWorld } from './router-world.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

// a peer id but for its last two characters
const PEER = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx'
// wants of each when all faults have ended
const LAST_WANTS = 5
// how long a node is waited for that is dialled again, ms
const DIALLED = 5000

/** Nodes and clients want from each other through one router, in which calls want something, too; then all are honest. */
export async function playRouterRun (stage: Stage): Promise<void> {
  await new RouterRun(stage).play()
}

type Act = 'want' | 'cancel' | 'all' | 'disconnect' | 'connect' | 'register' | 'unregister' | 'babble' | 'call' | 'pass'

const ACTS: Readonly<Record<Act, number>> = { want: 12, cancel: 3, all: 1, disconnect: 2, connect: 4, register: 2, unregister: 2, babble: 1, call: 6, pass: 8 }

class RouterRun {
  readonly #stage: Stage
  readonly #world: RouterWorld
  readonly #monitors: Partial<Record<Direction, Monitor | AdmissionMonitor>> = {}
  readonly #blocks: Readonly<Record<Side, readonly Block[]>>
  readonly #wanted: RouterPeerContext['wanted'] = { node: new Set(), client: new Set() }
  readonly #nodes: readonly RouterPeer[]
  readonly #clients: readonly RouterPeer[]
  /** By the names of local clients. */
  readonly #callers: ReadonlyMap<string, LocalCaller>
  readonly #membership: RouterMembership
  readonly #policies: RouterPolicies
  /** What nodes have said that they have, or sent. */
  readonly #claimed = new Set<WantKey>()
  readonly #asked: 'registered' | 'connected'
  readonly #registered = new Map<RouterPeer, () => void>()
  /** How long the step takes that is next, ms. */
  #sleep = 0
  #failure: Error | undefined

  constructor (stage: Stage) {
    const { clock, seed, trace, dice: { int, pick } } = stage
    this.#stage = stage
    this.#asked = pick(['registered', 'registered', 'connected'])
    this.#blocks = drawBlocks(stage.dice)
    const forward = drawDirection(stage.dice)
    const reverse = drawDirection(stage.dice)
    const [nodes, clients] = [int(1, 3), int(1, 5)]
    this.#nodes = Array.from({ length: nodes }, (_, i) => this.#createPeer(`${PEER}N${i + 1}`, 'node', reverse))
    this.#clients = Array.from({ length: clients }, (_, i) => this.#createPeer(`${PEER}C${i + 1}`, 'client', forward))
    this.#policies = new RouterPolicies(stage, { forward: this.#nodes.map(({ id }) => nameOf(id)), reverse: this.#clients.map(({ id }) => id) })
    const hosts = pick([1, 2] as const)
    trace.act(() => `router: ${JSON.stringify({ hosts, nodes, clients, asked: this.#asked, forward: forward.limits, reverse: reverse.limits })}`)
    this.#world = createRouterWorld({
      seed,
      clock,
      hosts,
      nodes: this.#nodes,
      clients: this.#clients,
      asked: this.#asked,
      forward: { ...forward, ...this.#policies.of('forward') },
      reverse: { ...reverse, ...this.#policies.of('reverse') },
      engine: (direction, init) => {
        const monitor = this.#policies.has(direction) ? this.#policies.monitor(direction, init) : stage.another(init)
        this.#monitors[direction] = monitor

        return monitor
      }
    })
    this.#membership = new RouterMembership(stage, this.#world, this.#nodes, run => { this.#guard(run) })
    this.#callers = new Map(['', 'one', 'two'].map(name => [name, this.#createCaller(name)]))
  }

  async play (): Promise<void> {
    const stage = this.#stage
    const { clock, dice: { chance, int, weighted } } = stage
    await this.#world.settle()

    for (const steps = int(40, 160); stage.step < steps; stage.step++) {
      this.#act(weighted(ACTS))
      this.#membership.step()
      await this.#pass(this.#sleep)
      this.#sleep = chance(0.3) ? int(0, 60) : 0
    }

    stage.trace.act(() => 'all faults end')
    await this.#heal()
    const callers = [...this.#callers.values()]
    await expectRecovery({ stage, world: this.#world, nodes: this.#nodes, clients: this.#clients, callers, bound: direction => this.#bound(direction), pass: async ms => this.#pass(ms) })
    await this.#expectTruth()
    await this.#drain()
    this.#noteFeatures()
    stage.trace.act(() => `all leave, at ${clock.now()} ms`)
    await this.#leave()
  }

  #createPeer (id: string, side: Side, { limits }: DirectionInit): RouterPeer {
    const { clock, dice } = this.#stage

    return new RouterPeer(id, side, {
      clock,
      dice,
      blocks: this.#blocks,
      wanted: this.#wanted,
      most: limits.wantsPerClient ?? DEFAULT_LIMITS.wantsPerClient,
      send: (peer, message) => { this.#world.send(peer, message) },
      claims: ({ side }, key) => {
        if (side === 'node') {
          this.#claimed.add(key)
        }
      },
      guard: run => { this.#guard(run) }
    })
  }

  #createCaller (name: string): LocalCaller {
    const { local } = this.#world

    return new LocalCaller({
      client: name === '' ? local.unnamed : local.client(name),
      clock: this.#stage.clock,
      dice: this.#stage.dice,
      blocks: this.#blocks.node,
      wanted: ({ key }) => { this.#wanted.client.add(key) },
      isClaimed: ({ key }) => this.#claimed.has(key),
      refusable: this.#policies.has('forward'),
      guard: run => { this.#guard(run) }
    })
  }

  #act (act: Act): void {
    const { dice: { int, pick }, trace } = this.#stage
    const peer = pick([...this.#nodes, ...this.#clients])
    const client = pick(this.#clients)
    trace.act(() => `${act} (${peer.id.slice(-2)}, ${client.id.slice(-2)})`)

    switch (act) {
      case 'want':
        if (this.#world.isConnected(peer)) {
          peer.want(pick([1, 1, 3, 10]))
        }

        break
      case 'cancel':
        peer.cancel()
        break
      case 'all':
        peer.sendAll()
        break
      case 'disconnect':
        this.#world.disconnect(peer)
        break
      case 'connect':
        this.#world.connect(client)
        break
      case 'register':
        this.#register(client)
        break
      case 'unregister':
        this.#registered.get(client)?.()
        this.#registered.delete(client)
        break
      case 'babble':
        peer.babble()
        break
      case 'call':
        pick([...this.#callers.values()]).act()
        break
      default: // time passes
        this.#sleep = int(0, pick([50, 500, 5000, 40_000]))
    }
  }

  #register (client: RouterPeer): void {
    if (!this.#registered.has(client)) {
      // a peer id is only read as text
      this.#registered.set(client, this.#world.reverse.register({ toString: () => client.id } as never))
    }
  }

  /** What breaks an invariant within calls of the driver, which would keep it to itself. */
  #guard (run: () => void): void {
    try {
      run()
    } catch (err) {
      this.#failure ??= err instanceof Error ? err : new Error(String(err))
    }
  }

  #expectSound (): void {
    if (this.#failure != null) {
      throw this.#failure
    }

    this.#monitors.forward?.expectNoFailure()
    this.#monitors.reverse?.expectNoFailure()
    this.#membership.expectSound()

    for (const [name, { open }] of this.#callers) {
      if (open.length === 0 && this.#monitors.forward?.idleFor(`local:${name}`) !== Infinity) {
        broken('local', `no call of "${name}" is open, and the engine knows it for a client`)
      }
    }

    if (this.#asked === 'connected') {
      return
    }

    for (const client of this.#clients) {
      if (!this.#registered.has(client) && client.asked.size > 0) {
        broken('crossing', `${client.id} is not registered, and keeps ${client.asked.size} wants of nodes`)
      }
    }
  }

  async #heal (): Promise<void> {
    await this.#membership.heal()
    this.#policies.heal()
    await this.#world.pass(this.#policies.deciding)

    for (const client of this.#clients) {
      this.#world.connect(client)
      this.#register(client)
    }

    await this.#world.pass(DIALLED)

    for (const peer of [...this.#nodes, ...this.#clients]) {
      peer.heal()
      peer.want(LAST_WANTS)
    }
  }

  async #expectTruth (): Promise<void> {
    await expectTruth({
      caller: this.#stage.dice.pick([...this.#callers.values()]),
      blocks: this.#blocks.node,
      isHeld: ({ key }) => this.#nodes.some(({ holds }) => holds.has(key)),
      bound: () => this.#bound('forward'),
      pass: async ms => this.#pass(ms)
    })
  }

  /** In some runs the router drains before all leave. */
  async #drain (): Promise<void> {
    const { met, seed, trace } = this.#stage
    const { chance } = createDice(seededRandom(hashString('router drain', seed)))

    if (!chance(0.5)) {
      return
    }

    const known = chance(0.5) ? this.#clients.slice(1) : this.#clients
    trace.act(() => 'the router drains')
    known.forEach(client => { client.want(LAST_WANTS) })
    await this.#pass(0)
    await expectDrain({
      world: this.#world,
      newcomer: known === this.#clients ? undefined : this.#clients[0],
      known: known.filter(client => this.#monitors.forward?.idleFor(client.id) !== Infinity),
      block: this.#blocks.node[0],
      bound: () => this.#bound('forward'),
      missing: () => known.flatMap(client => missingOf(client, this.#nodes)),
      pass: async ms => this.#pass(ms)
    })
    met.add('drain')
  }

  /** How long a direction may take to serve all open wants, including those of open calls, ms. */
  #bound (direction: Direction): number {
    const monitor = this.#monitors[direction]
    const blocks = this.#blocks[direction === 'forward' ? 'node' : 'client']
    const calls = direction === 'forward' ? [...this.#callers.values()].flatMap(({ open }) => open).length * blocks.length : 0

    return monitor == null ? 0 : directionBound(monitor, blocks, calls)
  }

  async #pass (ms: number): Promise<void> {
    await this.#world.pass(ms)
    this.#expectSound()
  }

  #noteFeatures (): void {
    const { met } = this.#stage
    const served = (peers: readonly RouterPeer[]): boolean => peers.some(({ served }) => served)

    if (served(this.#nodes) && served(this.#clients)) {
      met.add('both directions')
    }

    const callers = [...this.#callers.values()]

    if (callers.some(({ got }) => got)) {
      met.add('local call')
    }

    if (callers.some(({ gaveUp }) => gaveUp)) {
      met.add('call given up')
    }
  }

  async #leave (): Promise<void> {
    const { clock } = this.#stage

    for (const peer of [...this.#nodes, ...this.#clients]) {
      this.#world.disconnect(peer)
    }

    await this.#world.settle()

    for (const monitor of [this.#monitors.forward, this.#monitors.reverse]) {
      if (monitor != null) {
        expectNothing({ clock, monitor })
      }
    }

    await this.#world.stop()
  }
}
