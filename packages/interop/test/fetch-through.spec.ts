import { expect } from 'aegir/chai'
import { createDag } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import type { Dag } from '../src/dag.ts'

describe('fetch-through', function () {
  this.timeout(90_000)

  let binary: string
  let dag: Dag
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'fetch-through')
    dag = await createDag(binary, { size: 1 << 20, blockSize: 256 << 10, seed: 'fetch-through' })
  })

  after(async () => {
    await peers.stop()
  })

  it('serves a DAG of a third kubo, which the node can reach and the client cannot', async () => {
    const [third, node, client] = await Promise.all([peers.kubo({ dag }), peers.kubo(), peers.kubo()])
    await node.connect(third.tcp)
    const balancer = await peers.balancer({ downstreams: [node.url], args: ['--fetch-through', 'on'] })
    await client.connect(balancer.tcp)
    await client.pin(dag.root, { signal: AbortSignal.timeout(60_000) })

    expect(await client.peers()).to.deep.equal([balancer.peerId])
    expect(await client.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
    expect(await node.has(dag.root), 'it stays at the node').to.be.true()
    // it may only have been asked whether it has the block, which the node has since then
    expect(await balancer.metric('kitsune_router_member_asks_total', 'member="(fetch-through)"')).to.be.above(0)
  })
})
