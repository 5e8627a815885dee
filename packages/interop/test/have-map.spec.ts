import { delegateTo, presence, rendezvous, wantRouter } from '@kitsune/want-router'
import { kubo } from '@kitsune/want-router/discovery/kubo-rpc'
import { blockHandler } from '@kitsune/want-router/http'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { expect } from 'aegir/chai'
import { createLibp2p } from 'libp2p'
import { seededBlocks } from '../src/blocks.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Kubo } from '../src/kubo.ts'
import type { StrategyFactory, WantRouter, WantRouterInit } from '@kitsune/want-router'

const NODES = 4
/** Blocks that only one node has, for each node. */
const BLOCKS = 150

/** A router, and the result of the first attempt for each block. */
interface Watched {
  readonly router: WantRouter
  /** Wants that were first asked of a member that had the block, as a share of all. */
  firstRight (): number
}

describe('a have-map, with four kubos that hold a quarter each', function () {
  this.timeout(60_000)

  let binary: string
  let nodes: Kubo[]
  let blocks: TestBlock[]
  const peers = stack(() => binary)
  const routers = stack()

  before(async function () {
    binary = needKubo(this, 'a have-map')
    nodes = await Promise.all(Array.from({ length: NODES }, async () => peers.kubo()))
    blocks = await seededBlocks(NODES * BLOCKS, 256, 'have-map')
    await Promise.all(nodes.map(async (node, i) => {
      for (const { bytes } of blocks.filter((_, j) => j % NODES === i)) {
        await node.putBlock(bytes)
      }
    }))
  })

  afterEach(async () => {
    await routers.stop()
  })

  after(async () => {
    await peers.stop()
  })

  async function start (haveMap?: WantRouterInit['haveMap']): Promise<Watched> {
    const first = new Map<string, boolean>()

    const strategy: StrategyFactory = env => {
      const inner = presence(rendezvous())(env)

      return delegateTo(inner, {
        observe (outcome) {
          const { want: { key }, result } = outcome
          first.has(key) || first.set(key, result === 'block')
          inner.observe?.(outcome)
        }
      })
    }

    const host = await createLibp2p({
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { router: wantRouter({ targets: kubo(nodes.map(({ url }) => url)), strategy, haveMap }) }
    })
    routers.onStop(async () => host.stop())
    const { router } = host.services
    await poll(() => router.status().members.every(({ state, haveMap: mapped }) => state === 'up' && (haveMap == null || mapped != null)), 'all nodes to be up, and their lists to be read')

    return { router, firstRight: () => [...first.values()].filter(right => right).length / first.size }
  }

  async function getAll (router: WantRouter, wanted: readonly TestBlock[]): Promise<void> {
    for await (const { cid, bytes } of router.getMany(wanted.map(({ cid }) => cid))) {
      expect(bytes, `${cid}`).to.have.lengthOf(256)
    }
  }

  it('asks a node that holds the block first, where presence(rendezvous) guesses', async () => {
    const guessing = await start()
    const reading = await start({})
    await getAll(guessing.router, blocks)
    await getAll(reading.router, blocks)
    const [guessed, read] = [guessing.firstRight(), reading.firstRight()]
    // eslint-disable-next-line no-console
    console.log(`asked of the right node first: ${(guessed * 100).toFixed(1)} % of wants by presence(rendezvous), ${(read * 100).toFixed(1)} % with a have-map`)
    expect(guessed).to.be.within(0.1, 0.45)
    expect(read).to.be.above(0.98)

    for (const { haveMap } of reading.router.status().members) {
      expect(haveMap?.keys).to.be.within(BLOCKS, BLOCKS + 50)
      expect(haveMap?.falsePositiveRate).to.be.below(0.01)
    }
  })

  it('costs a try if it is out of date, and never causes a DONT_HAVE', async () => {
    const { router } = await start({})
    const [moved, added] = await seededBlocks(2, 256, 'after the list')
    await nodes[1].putBlock(added.bytes)
    expect(await router.get(added.cid)).to.deep.equal(added.bytes)
    const [listed] = blocks
    await nodes[0].removeBlock(listed.cid.toString())
    await nodes[2].putBlock(listed.bytes)
    expect(await router.get(listed.cid)).to.deep.equal(listed.bytes)
    expect(await router.has(moved.cid, { within: 10_000 })).to.equal('dont-have')
    await nodes[2].removeBlock(listed.cid.toString())
    await nodes[0].putBlock(listed.bytes)
  })

  it('answers a HEAD of the balancer before anything is asked, and shows in its status', async () => {
    const balancer = await routers.balancer({ downstreams: nodes.map(({ url }) => url), args: ['--have-map', 'blocks', '--http', 'http://127.0.0.1:0'] })

    const status = async (): Promise<Array<{ haveMap?: { keys: number } }>> => {
      const { members } = await (await fetch(`${balancer.admin}/status`)).json() as { members: Array<{ haveMap?: { keys: number } }> }

      return members
    }

    await poll(async () => (await status()).every(({ haveMap }) => (haveMap?.keys ?? 0) >= BLOCKS), 'all lists to be read')
    const head = async ({ cid }: TestBlock): Promise<number> => (await fetch(`${balancer.http[0]}/ipfs/${cid}?format=raw`, { method: 'HEAD' })).status
    expect(await head(blocks[5])).to.equal(200)
    expect(await balancer.metric('kitsune_router_member_asks_total')).to.equal(0)
    const [missing] = await seededBlocks(1, 256, 'no node has it')
    expect(await head(missing)).to.equal(404)
    const block = await fetch(`${balancer.http[0]}/ipfs/${blocks[5].cid}?format=raw`)
    expect(await block.bytes()).to.deep.equal(blocks[5].bytes)
    expect(await balancer.metric('kitsune_router_have_map_members')).to.equal(NODES)
    expect(await balancer.metric('kitsune_router_have_map_blocks')).to.be.at.least(NODES * BLOCKS)
    expect(await balancer.metric('kitsune_router_have_map_first_right_total')).to.equal(1)
    expect(await balancer.metric('kitsune_router_have_map_failing')).to.equal(0)
  })

  it('lists pinned blocks, if it is configured to', async () => {
    const [pinned] = await seededBlocks(1, 256, 'pinned')
    await nodes[3].pin(await nodes[3].putBlock(pinned.bytes))
    const { router } = await start({ pinned: true })
    expect(router.status().members.every(({ haveMap }) => (haveMap?.keys ?? BLOCKS) < BLOCKS)).to.equal(true)
    const answer = await blockHandler(router)(new Request(`http://localhost/ipfs/${pinned.cid}?format=raw`, { method: 'HEAD' }))
    expect(answer.status).to.equal(200)
    expect(router.status().members.map(({ totals }) => totals.asks)).to.deep.equal([0, 0, 0, 0])
  })
})
