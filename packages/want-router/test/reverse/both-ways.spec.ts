import { multihashKey } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { replay } from '../../src/recording/replay.ts'
import { seededRandom } from '../../src/seeded-random.ts'
import { inOrder, testBlock } from '../engine/harness.ts'
import { createPeerIds, createWorld } from './world.ts'
import type { Actor, World } from './world.ts'
import type { TestBlock } from '../engine/harness.ts'
import type { PeerId } from '@libp2p/interface'

const SEEDS = 100
const STEPS = 150
const NODES = 3
const CLIENTS = 4

describe('wantRouter: both directions in random runs', function () {
  this.timeout(60_000)

  /** Held by nodes and wanted by clients, and the other way round. */
  const below = Array.from({ length: 12 }, (_, i) => testBlock(i, 500))
  const above = Array.from({ length: 12 }, (_, i) => testBlock(100 + i, 500))
  let nodes: PeerId[]
  let clients: PeerId[]

  before(async () => {
    nodes = await createPeerIds(NODES)
    clients = await createPeerIds(CLIENTS)
  })

  for (const hosts of ['one host', 'two hosts'] as const) {
    it(`serves all wants that can be served, and lets nothing cross, ${hosts}`, async () => {
      for (let seed = 0; seed < SEEDS; seed++) {
        await run(hosts, seed)
      }
    })
  }

  async function run (hosts: 'one host' | 'two hosts', seed: number): Promise<void> {
    const random = seededRandom(seed)
    const world = await createWorld(hosts, { nodes, clients }, random)
    const pick = <T> (from: readonly T[]): T => from[Math.floor(random() * from.length)]

    try {
      hand(world, pick)

      for (const actor of world.actors.filter(({ kind }) => kind === 'client')) {
        world.connect(actor)
      }

      await world.settle()

      for (let step = 0; step < STEPS; step++) {
        act(world, pick, random)
        await world.settle()
        expectNothingCrossed(world, `seed ${seed}, step ${step}`)
        world.check()
      }

      await recover(world, seed)
      expectReplay(world)
    } finally {
      await world.stop()
    }
  }

  function expectReplay ({ recordings, reverse }: World): void {
    expect(replay(recordings.forward, { strategy: inOrder }).divergence).to.be.undefined()
    const { divergence, engine } = replay(recordings.reverse, { strategy: inOrder })
    expect(divergence).to.be.undefined()
    const { policies, ...status } = reverse.status()
    expect(policies).to.be.empty()
    expect(engine.status()).to.deep.equal(status)
  }

  function hand ({ actors }: World, pick: <T> (from: readonly T[]) => T): void {
    for (const [kind, blocks] of [['node', below], ['client', above]] as const) {
      const holders = actors.filter(actor => actor.kind === kind)

      for (const block of blocks) {
        pick(holders).holds.set(multihashKey(block.cid), block)
      }
    }
  }

  const othersBlocks = ({ kind }: Actor): readonly TestBlock[] => kind === 'node' ? above : below

  function act (world: World, pick: <T> (from: readonly T[]) => T, random: () => number): void {
    const actor = pick(world.actors)
    const roll = random()

    if (roll < 0.35 && world.isConnected(actor)) {
      world.want(actor, pick(othersBlocks(actor)), random() < 0.3 ? 'have' : 'block')
    } else if (roll < 0.8 && world.isConnected(actor)) {
      const [key] = [...actor.asked.keys()]

      if (key != null) {
        world.answer(actor, key, random() < 0.9)
      }
    } else if (roll < 0.86) {
      actor.wants.clear()
      world.disconnect(actor)
    } else if (roll < 0.94 && actor.kind === 'client') {
      world.connect(actor)
    } else {
      world.clock.pass(Math.floor(random() * 1500))
    }
  }

  function expectNothingCrossed ({ actors }: World, when: string): void {
    for (const actor of actors) {
      const crossed = othersBlocks(actor).filter(({ cid }) => actor.everAsked.has(multihashKey(cid)))

      if (crossed.length > 0) {
        expect.fail(`${when}: a ${actor.kind} is asked for what its own kind wants`)
      }

      if (actor.unwanted.length > 0) {
        expect.fail(`${when}: a ${actor.kind} gets ${actor.unwanted[0]}`)
      }
    }
  }

  /** Everyone is present and honest, so that all wants are served. */
  async function recover (world: World, seed: number): Promise<void> {
    for (const actor of world.actors.filter(({ kind }) => kind === 'client')) {
      world.connect(actor)
    }

    for (let round = 0; round < 400; round++) {
      await world.settle()

      for (const actor of world.actors.filter(actor => world.isConnected(actor))) {
        for (const key of [...actor.asked.keys()]) {
          world.answer(actor, key, true)
        }

        if (round === 20) {
          // wants that were lost with a connection are asked again
          for (const block of [...actor.wants.values()]) {
            world.want(actor, block, 'block')
          }
        }
      }

      await world.settle()

      if (round > 20 && world.actors.every(({ wants }) => wants.size === 0)) {
        return
      }

      world.clock.pass(500)
    }

    expect(world.actors.flatMap(({ kind, wants }) => [...wants.keys()].map(() => kind)), `seed ${seed}: what is not served`).to.be.empty()
  }
})
