import { expect } from 'aegir/chai'
import { seededBlock, seededBlocks } from '../src/blocks.ts'
import { createDag } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { delay, poll } from '../src/until.ts'
import type { Dag } from '../src/dag.ts'
import type { Kubo } from '../src/kubo.ts'

const MiB = 1 << 20

/** How long a want may take that must be asked again. */
const RETURN_MS = 2_000

describe('a downstream that fails', function () {
  this.timeout(120_000)

  let binary: string
  let dag: Dag
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'downstreams killed, suspended and restarted')
    dag = await createDag(binary, { size: 128 * MiB, blockSize: 64 << 10, seed: 'faults' })
  })

  afterEach(async () => {
    await peers.stop()
  })

  /** Pins, calls `meanwhile` once a tenth of the blocks have come, and checks the result. */
  const pinWhile = async (client: Kubo, meanwhile: () => void | Promise<void>): Promise<void> => {
    const pin = client.pin(dag.root, { signal: AbortSignal.timeout(90_000) })

    await poll(async () => (await client.blocksReceived()) > dag.blocks.length / 10, 'the transfer to be under way', { interval: 10 })
    await meanwhile()
    expect(await client.blocksReceived(), 'the pin was over before anything failed: use a larger DAG').to.be.lessThan(dag.blocks.length)

    await pin
    expect(await client.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
  }

  it('loses no want when it is killed in mid-transfer', async () => {
    const [first, second] = await Promise.all([peers.kubo({ dag }), peers.kubo({ dag })])
    const balancer = await peers.balancer({ downstreams: [first.url, second.url] })
    const client = await peers.kubo()

    await client.connect(balancer.tcp)
    await pinWhile(client, async () => first.kill())

    expect(await balancer.ready()).to.equal(true)
  })

  it('loses no want when it stops answering and its connection stays open', async () => {
    const [first, second] = await Promise.all([peers.kubo({ dag }), peers.kubo({ dag })])
    const balancer = await peers.balancer({ downstreams: [first.url, second.url] })
    const client = await peers.kubo()

    await client.connect(balancer.tcp)
    await pinWhile(client, () => { first.suspend() })
  })

  it('is used again after a restart with a new peer id on the same RPC address', async () => {
    const kubo = await peers.kubo({ dag })
    const balancer = await peers.balancer({ downstreams: [kubo.url] })
    const before = kubo.peerId
    const client = await peers.kubo()

    await kubo.kill()
    await poll(async () => !(await balancer.ready()), 'the balancer not to be ready without its only downstream')
    await kubo.restart({ newIdentity: true })
    expect(kubo.peerId).to.not.equal(before)

    await poll(balancer.ready, 'the balancer to be ready again')
    await client.connect(balancer.tcp)
    await client.pin(dag.root, { signal: AbortSignal.timeout(60_000) })
    expect(await client.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
  })

  it('is logged with the reason each time that it goes and comes, and shown in the status with its peer id and addresses', async () => {
    const kubo = await peers.kubo()
    const balancer = await peers.balancer({ downstreams: [`${kubo.url};name=a`], args: ['--log', 'json'] })
    const logged = (): Array<Record<string, unknown>> => balancer.output.flatMap(line => line.includes('"event"') ? [JSON.parse(line) as Record<string, unknown>] : [])
    const states = (): unknown[] => logged().filter(({ event }) => event === 'node').map(({ state }) => state)

    await poll(() => states().includes('up'), 'the log to have that the node is up')
    await kubo.kill()
    await poll(() => states().includes('down'), 'the log to have that the node is down')
    await kubo.restart({ newIdentity: true })
    await poll(() => states().lastIndexOf('up') > states().indexOf('down'), 'the log to have that the node is up again')

    for (const { level, node, reason } of logged().filter(({ state }) => state === 'down')) {
      expect({ level, node }).to.deep.equal({ level: 'warn', node: 'a' })
      expect(reason).to.be.a('string').that.is.not.equal('')
    }

    const last = logged().findLast(({ state }) => state === 'up')
    expect(last).to.include({ level: 'info', peer: kubo.peerId })
    const { members: [member] } = await (await fetch(`${balancer.admin}/status`)).json() as { members: Array<Record<string, unknown>> }
    expect(member).to.include({ id: 'a', state: 'up', peer: kubo.peerId })
    expect(member.connectedTo).to.have.lengthOf(1)
    expect(member.addresses).to.include(String((member.connectedTo as string[])[0]))
    expect(member.lastError).to.have.property('message').that.is.a('string')
  })

  it('sends no DONT_HAVE while all are down, says that it is not ready, and serves within two seconds of a return', async () => {
    const block = await seededBlock(10_000, 'all down')
    const [first, second] = await Promise.all([peers.kubo(), peers.kubo()])
    await first.putBlock(block.bytes)
    const balancer = await peers.balancer({ downstreams: [first.url, second.url] })
    const client = await peers.wire()
    await client.connect(balancer.tcp)

    await Promise.all([first.kill(), second.kill()])
    await poll(async () => !(await balancer.ready()), 'readiness to be off')

    await client.want(balancer.peerId, [block.cid], { sendDontHave: true })
    await poll(async () => (await balancer.metric('kitsune_router_wants')) > 0, 'the want to have arrived')

    await first.restart()
    const back = performance.now()
    await client.until(() => client.blocks.has(block.cid.toString()), 'the block', RETURN_MS)

    expect(performance.now() - back).to.be.lessThan(RETURN_MS)
    expect(client.presences.get(block.cid.toString())).to.not.equal('dont-have')
    expect(client.connections(balancer.peerId)).to.have.lengthOf(1)
  })

  it('serves wants from while all stood still within two seconds after they go on', async () => {
    const blocks = await seededBlocks(30, 10_000, 'stood still')
    const [before, during] = [blocks.slice(0, 20), blocks.slice(20)]
    const [first, second] = await Promise.all([peers.kubo(), peers.kubo()])
    await Promise.all(blocks.map(async ({ bytes }) => first.putBlock(bytes)))
    const balancer = await peers.balancer({ downstreams: [first.url, second.url] })
    const client = await peers.wire()
    await client.connect(balancer.tcp)
    // now it knows them as fast, and its timeouts are short
    await client.fetch(balancer.peerId, before.map(({ cid }) => cid))

    first.suspend()
    second.suspend()
    await client.want(balancer.peerId, during.map(({ cid }) => cid), { sendDontHave: true })
    // longer than all tries together, and shorter than a silent connection is kept
    await delay(10_000)
    expect(client.presences.size, 'a presence for nodes that said nothing').to.equal(0)

    first.resume()
    second.resume()
    await client.until(() => client.blocks.size === blocks.length, 'the blocks', RETURN_MS)
  })

  it('keeps a pin waiting while all are down, and completes it', async () => {
    const kubo = await peers.kubo({ dag })
    const balancer = await peers.balancer({ downstreams: [kubo.url] })
    const client = await peers.kubo()

    await client.connect(balancer.tcp)
    await pinWhile(client, async () => {
      await kubo.kill()
      await poll(async () => !(await balancer.ready()), 'readiness to be off')
      await kubo.restart()
    })
  })
})
