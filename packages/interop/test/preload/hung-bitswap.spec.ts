import { expect } from 'aegir/chai'
import { seededBlock } from '../../src/blocks.ts'
import { needKubo } from '../../src/needs.ts'
import { startRelay } from '../../src/relay.ts'
import { serveBlocks } from '../../src/serve-blocks.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { TestBlock } from '../../src/blocks.ts'
import type { Kubo } from '../../src/kubo.ts'
import type { Relay } from '../../src/relay.ts'
import type { WirePeer } from '../../src/wire-peer.ts'

/** Within which the next node is asked, and a line that has fallen silent is noticed, ms. */
const NEXT = 10_000
const NOTICED = 32_000

describe('preload while the RPC of a node answers and its bitswap hangs', function () {
  this.timeout(120_000)

  let binary: string
  let hung: Kubo
  let good: Kubo
  let line: Relay
  let balancer: Balancer
  let client: WirePeer
  const blocks: TestBlock[] = []
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload while bitswap hangs')
    ;[hung, good] = await Promise.all([peers.kubo(), peers.kubo()])
    line = await startRelay(hung.tcp)
    peers.onStop(line.stop)
    // that is where it is dialled
    await (await hung.call('config', ['Addresses.Announce', JSON.stringify([line.address.replace(/\/p2p\/.*/, '')])], { json: 'true' })).text()
    await hung.restart()
    balancer = await peers.balancer({ downstreams: [`${hung.url};name=hung`, `${good.url};name=good`], args: ['-p', '127.0.0.1:0', '--strategy', 'round-robin'] })
    await poll(async () => await up('hung') === 1 && await up('good') === 1, 'both nodes to be connected')
    client = await peers.wire({ onMessage: serveBlocks(blocks) })
    await client.connect(balancer.ws)
  })

  after(async () => {
    await peers.stop()
  })

  const up = async (name: string): Promise<number> => balancer.metric('kitsune_router_member_up', `"${name}"`)

  /** Preloads a block; returns the names of the nodes that have it, and how long that took, ms. */
  const preload = async (name: string): Promise<{ status: number, at: string[], ms: number }> => {
    const block = await seededBlock(1000, name)
    blocks.push(block)
    const start = performance.now()
    const response = await fetch(`${balancer.preload}/api/v0/refs?r=true&arg=${block.cid}&peer=${client.peerId}`, { method: 'POST' })
    await response.text()
    const ms = performance.now() - start
    const at = (await Promise.all([['hung', hung] as const, ['good', good] as const].map(async ([name, kubo]) => await kubo.has(`${block.cid}`) ? [name] : []))).flat()

    return { status: response.status, at, ms }
  }

  /** The numbers of the requests for refs that the node remembers, which it forgets after a while. */
  const asked = async (): Promise<number[]> => {
    const commands = await (await hung.call('diag/cmds')).json() as Array<{ Command: string, ID: number }>

    return commands.filter(({ Command }) => Command === 'refs').map(({ ID }) => ID)
  }

  it('has the other node asked: at first after ten seconds, then at once, and alone when pings have shown it', async () => {
    // what looks elsewhere is a third member, so that in three turns each node is the first one
    const before = await Promise.all(['1', '2', '3'].map(preload))
    expect(new Set(before.flatMap(({ at }) => at))).to.deep.equal(new Set(['good', 'hung']))

    line.freeze({ newcomers: true })
    const first = await Promise.all(['4', '5', '6'].map(preload))
    expect(first.map(({ status, at }) => [status, at])).to.deep.equal(first.map(() => [200, ['good']]))
    expect(Math.max(...first.map(({ ms }) => ms))).to.be.within(NEXT - 500, NEXT + 5000)

    // that is remembered
    const next = await Promise.all(['7', '8', '9'].map(preload))
    expect(next.map(({ status, at }) => [status, at])).to.deep.equal(next.map(() => [200, ['good']]))
    expect(Math.max(...next.map(({ ms }) => ms))).to.be.lessThan(NEXT / 2)

    await poll(async () => await up('hung') === 0, 'the silence to be noticed', { timeout: NOTICED })
    const last = Math.max(0, ...await asked())

    for (const name of ['10', '11', '12']) {
      const { status, at } = await preload(name)
      expect([status, at]).to.deep.equal([200, ['good']])
    }

    expect((await asked()).filter(id => id > last)).to.be.empty()
  })
})
