import { wantKey } from '@kitsune/bitswap-codec'
import { defaultStrategy } from '@kitsune/want-router'
import { createDriver, createEngine } from '@kitsune/want-router/engine'
import { fakeClock, fakeTarget, seededRandom } from '@kitsune/want-router/testing'
import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import { createGate } from '../../src/gate/gate.ts'
import { leaf, node } from '../support/dag.ts'
import type { Passage } from '../../src/gate/passage.ts'
import type { TestBlock } from '../support/dag.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { VerifiedBlock } from '@kitsune/want-router'

const SEEDS = 40
const STEPS = 250
const CLIENTS = ['x', 'y', 'z']
const MEMBERS = ['a', 'b']

/** What a request admits according to the documentation, computed independently of the gate. */
interface OpenRequest {
  readonly passage: Passage
  readonly maxDepth: number
  /** How many links below the root each block is. */
  readonly admitted: Map<WantKey, number>
  readonly clients: Set<string>
}

/** The reverse direction, with clients that hold more than they are asked for, and members that want everything. */
class World {
  readonly random: () => number
  readonly clock = fakeClock()
  readonly gate = createGate({ timers: this.clock })
  readonly requests: OpenRequest[] = []
  readonly wrong: string[] = []
  asked = 0
  served = 0
  /** Presences that members were told. */
  told = 0
  readonly #blocks: readonly TestBlock[]
  readonly #links: ReadonlyMap<string, readonly TestBlock[]>
  /** What was admitted at the beginning of the step, in which it may still be on its way, and whether a request was open. */
  #before = { ofClients: new Set<string>(), keys: new Set<WantKey>(), open: false }
  readonly engine
  readonly driver
  readonly targets = new Map<string, ReturnType<typeof fakeTarget>>()

  constructor (seed: number, blocks: readonly TestBlock[], links: ReadonlyMap<string, readonly TestBlock[]>) {
    this.random = seededRandom(seed)
    this.#blocks = blocks
    this.#links = links
    this.engine = createEngine({ members: [], strategy: defaultStrategy(), now: this.clock.now, randomSeed: seed, seed, admission: true, limits: { forgetDownAfter: 0 } })
    this.driver = createDriver({
      engine: this.engine,
      timers: this.clock,
      log: defaultLogger().forComponent('test'),
      admission: { policies: [{ name: 'oracle', admit: () => 'pass', verified: block => { this.#verified(block) } }, this.gate.policy], failure: 'silent', timeout: 5000, most: 1024 },
      upstream: { wake () {}, disconnect () {} }
    })
  }

  pick <T> (from: readonly T[]): T { return from[Math.floor(this.random() * from.length)] }

  /** A block that some client is to be asked for, if there is one. */
  pickAdmitted (): TestBlock {
    const keys = this.requests.flatMap(({ admitted }) => [...admitted.keys()])
    const key = this.pick(keys)

    return this.#blocks.find(block => block.key === key) ?? this.pick(this.#blocks)
  }

  join (id: string): void {
    const target = fakeTarget({
      id,
      timers: this.clock,
      latency: Math.floor(this.random() * 30),
      blocks: this.#blocks.filter(() => this.random() < 0.8).map(({ key, cid, bytes }) => ({ key, cid: cid.bytes, bytes })),
      reply: ({ key }) => {
        this.asked++

        if (!this.#before.ofClients.has(`${id} ${key}`) && !this.#admitted().ofClients.has(`${id} ${key}`)) {
          this.wrong.push(`${id} is asked for ${this.#name(key)}`)
        }

        return this.random() < 0.1 ? 'nothing' : undefined
      }
    })
    this.targets.set(id, target)
    this.driver.add({ id })
    this.driver.start(id, target).catch(() => {})
  }

  leave (id: string): void {
    this.targets.delete(id)
    this.driver.remove(id).catch(() => {})
  }

  request (): void {
    const root = this.pick(this.#blocks)
    const maxDepth = this.pick([-1, -1, 0, 1, 2])
    const passage = this.gate.open({ roots: [root.cid], maxDepth })
    const request: OpenRequest = { passage, maxDepth: maxDepth === -1 ? Infinity : maxDepth, admitted: new Map([[root.key, 0]]), clients: new Set() }
    this.requests.push(request)
    this.ask(request)
  }

  ask ({ passage, clients }: OpenRequest): void {
    const client = this.pick(CLIENTS)
    clients.add(client)
    passage.addClient(client)
  }

  unask ({ passage, clients }: OpenRequest): void {
    const [client] = clients

    if (client != null) {
      clients.delete(client)
      passage.removeClient(client)
    }
  }

  close (request: OpenRequest): void {
    this.requests.splice(this.requests.indexOf(request), 1)
    request.passage.close()
  }

  async step (act: () => void): Promise<void> {
    this.#before = this.#admitted()
    act()
    await this.settle()
    this.engine.checkInvariants()
  }

  async settle (): Promise<void> {
    for (let i = 0; i < 4; i++) {
      this.clock.pass(0)
      await new Promise<void>(resolve => { setImmediate(resolve) })
    }

    MEMBERS.forEach(member => { this.#take(member) })
  }

  /** What a member gets tells it of no block but those of open requests; that there is none of another, once no request is open. */
  #take (member: string): void {
    const { blocks = [], presences = [] } = this.driver.take(member, 1 << 20, '/ipfs/bitswap/1.2.0') ?? {}
    const { keys, open } = this.#admitted()
    const isAdmitted = (key: WantKey): boolean => keys.has(key) || this.#before.keys.has(key)

    for (const { cid } of blocks) {
      this.served++
      const key = wantKey(cid) ?? ''

      if (!isAdmitted(key)) {
        this.wrong.push(`${member} gets ${this.#name(key)}`)
      }
    }

    for (const { cid, have } of presences) {
      this.told++
      const key = wantKey(cid) ?? ''

      if (!isAdmitted(key) && (have || (open && this.#before.open))) {
        this.wrong.push(`${member} is told ${have ? 'HAVE' : 'DONT_HAVE'} ${this.#name(key)}`)
      }
    }
  }

  #verified ({ key }: VerifiedBlock): void {
    for (const { admitted, maxDepth } of this.requests) {
      const depth = admitted.get(key) ?? Infinity

      if (depth < maxDepth) {
        this.#links.get(key)?.forEach(link => { admitted.set(link.key, Math.min(admitted.get(link.key) ?? Infinity, depth + 1)) })
      }
    }
  }

  /** What clients may be asked for, and what members may have, now. */
  #admitted (): { readonly ofClients: Set<string>, readonly keys: Set<WantKey>, readonly open: boolean } {
    return {
      ofClients: new Set(this.requests.flatMap(({ admitted, clients }) => [...clients].flatMap(client => [...admitted.keys()].map(key => `${client} ${key}`)))),
      keys: new Set(this.requests.flatMap(({ admitted }) => [...admitted.keys()])),
      open: this.requests.length > 0
    }
  }

  #name (key: string): number { return this.#blocks.findIndex(block => block.key === key) }
}

describe('gate: every block that clients are asked for, or that members learn of', function () {
  this.timeout(60_000)

  const links = new Map<string, TestBlock[]>()
  const blocks: TestBlock[] = []

  before(async () => {
    const leaves = await Promise.all(Array.from({ length: 8 }, async (_, i) => leaf(`${i}`)))
    const inner = await Promise.all([0, 1, 2, 3].map(async i => parent(leaves[2 * i], leaves[2 * i + 1])))
    const roots = [await parent(inner[0], inner[1]), await parent(inner[1], inner[2], leaves[7])]
    blocks.push(...leaves, ...inner, ...roots)
  })

  async function parent (...children: TestBlock[]): Promise<TestBlock> {
    const block = await node(...children)
    links.set(block.key, children)

    return block
  }

  function act (world: World): void {
    const { requests, driver, clock, pick, random } = world
    const request = requests.length === 0 ? undefined : pick.call(world, requests) as OpenRequest
    const roll = random()

    if (roll < 0.5) {
      const { cid } = random() < 0.5 ? pick.call(world, blocks) as TestBlock : world.pickAdmitted()
      driver.message(pick.call(world, MEMBERS) as string, { full: false, wants: [{ cid: cid.bytes, priority: 1, cancel: random() < 0.1, wantType: random() < 0.5 ? 'have' : 'block', sendDontHave: random() < 0.5 }] })
    } else if (roll < 0.7) {
      clock.pass(Math.floor(random() * 200))
    } else if (roll < 0.78 && requests.length < 4) {
      world.request()
    } else if (roll < 0.84 && request != null) {
      world.close(request)
    } else if (roll < 0.88 && request != null) {
      world.ask(request)
    } else if (roll < 0.91 && request != null) {
      world.unask(request)
    } else {
      const client = pick.call(world, CLIENTS) as string

      if (world.targets.has(client)) {
        world.leave(client)
      } else {
        world.join(client)
      }
    }
  }

  it('is part of an open request', async () => {
    let [asked, served, told] = [0, 0, 0]

    for (let seed = 0; seed < SEEDS; seed++) {
      const world = new World(seed, blocks, links)
      CLIENTS.forEach(client => { world.join(client) })

      for (let step = 0; step < STEPS; step++) {
        await world.step(() => { act(world) })
        expect(world.wrong, `seed ${seed}, step ${step}`).to.be.empty()
      }

      asked += world.asked
      served += world.served
      told += world.told
      world.requests.slice().forEach(request => { world.close(request) })
      expect(world.gate.status()).to.deep.equal({ open: 0, linkBytes: 0 })
      await world.driver.stop()
    }

    // it would hold if nothing were served at all
    expect(asked).to.be.above(SEEDS * 20)
    expect(served).to.be.above(SEEDS * 10)
    expect(told).to.be.above(SEEDS * 10)
  })
})
