import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { seededBlocks } from '../src/blocks.ts'
import { needKubo } from '../src/needs.ts'
import { removeFolder, temporaryFolder } from '../src/processes.ts'
import { startRouterStub } from '../src/router-stub.ts'
import { stack } from '../src/stack.ts'
import { delay, poll } from '../src/until.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Kubo } from '../src/kubo.ts'

/** Longer than a session of kubo waits before it broadcasts its wants again or looks for providers. */
const SESSION_IDLE = 2_500

describe('a kubo that is connected to the balancer without peering, as if over the internet', function () {
  this.timeout(60_000)

  let binary: string
  let node: Kubo
  let blocks: TestBlock[]
  let folder: string
  const nodes = stack(() => binary)
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'kubos without peering')
    folder = temporaryFolder('unpeered')
    node = await nodes.kubo()
    blocks = await seededBlocks(30, 5_000, 'unpeered')
    await Promise.all(blocks.map(async ({ bytes }) => node.putBlock(bytes)))
  })

  afterEach(async () => {
    await peers.stop()
  })

  after(async () => {
    await nodes.stop()
    removeFolder(folder)
  })

  const expectBlocks = async (client: Kubo, wanted: readonly TestBlock[]): Promise<void> => {
    for (const { cid, bytes } of wanted) {
      expect(await client.getBlock(cid.toString(), { signal: AbortSignal.timeout(5_000) })).to.deep.equal(bytes)
    }
  }

  it('asks nothing', async () => {
    const balancer = await peers.balancer({ downstreams: [node.url] })
    const client = await peers.kubo({ asksProvenPeersOnly: true })
    const abort = new AbortController()

    await client.connect(balancer.tcp, { peering: false })
    const never = client.getBlock(blocks[0]?.cid.toString() ?? '', { signal: abort.signal })
    never.catch(() => {})
    await delay(SESSION_IDLE)

    expect(await balancer.metric('kitsune_router_wants_total')).to.equal(0)
    abort.abort()
  })

  it('asks when its routing names the balancer', async () => {
    const balancer = await peers.balancer({ downstreams: [node.url] })
    const router = await startRouterStub(balancer.tcp)
    peers.onStop(router.stop)
    const client = await peers.kubo({
      asksProvenPeersOnly: true,
      config: { Routing: { Type: 'delegated', DelegatedRouters: [router.url] }, Provide: { Enabled: false } }
    })

    await expectBlocks(client, blocks.slice(0, 3))
  })

  it('keeps asking once it was served, and again when the balancer was restarted', async () => {
    const init = { downstreams: [node.url], keyFile: join(folder, 'key') }
    const client = await peers.kubo({ asksProvenPeersOnly: true })

    const before = await peers.balancer(init)
    await connectWanting(client, before.tcp, blocks[0])
    await expectBlocks(client, blocks.slice(1, 11))

    // with its connections kubo forgets who has served it
    await before.stop()
    const after = await peers.balancer({ ...init, listen: { tcp: before.tcp.replace(/\/p2p\/.*/, '') } })
    await connectWanting(client, after.tcp, blocks[11])
    await expectBlocks(client, blocks.slice(12, 22))
  })
})

/** A kubo asks each peer that it connects to for its present wants. */
async function connectWanting (client: Kubo, address: string, block: TestBlock | undefined): Promise<void> {
  const cid = block?.cid.toString() ?? ''
  const live = client.getBlock(cid, { signal: AbortSignal.timeout(10_000) })

  await poll(async () => (await (await client.call('bitswap/wantlist')).text()).includes(cid), 'the want to be live')
  await client.connect(address, { peering: false })
  expect(await live).to.deep.equal(block?.bytes)
}
