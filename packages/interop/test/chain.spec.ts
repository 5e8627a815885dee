import { expect } from 'aegir/chai'
import { seededBlock } from '../src/blocks.ts'
import { createDag } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'

const MiB = 1 << 20

describe('a balancer behind a balancer', function () {
  this.timeout(60_000)

  let binary: string
  const peers = stack(() => binary)

  before(function () {
    binary = needKubo(this, 'balancers in a chain')
  })

  afterEach(async () => {
    await peers.stop()
  })

  it('is like any other peer: pins go through both, and so do DONT_HAVEs and late blocks', async () => {
    const dag = await createDag(binary, { size: 16 * MiB, blockSize: 64 << 10, seed: 'chain' })
    const late = await seededBlock(1_000, 'late through a chain')
    const [even, odd, direct, indirect] = await Promise.all([
      peers.kubo({ dag, share: 'even' }),
      peers.kubo({ dag, share: 'odd' }),
      peers.kubo(),
      peers.kubo()
    ])
    const inner = await peers.balancer({ downstreams: [even.url, odd.url] })
    const outer = await peers.balancer({ downstreams: [inner.ws] })
    const client = await peers.wire()
    await Promise.all([direct.connect(inner.tcp), indirect.connect(outer.tcp), client.connect(outer.tcp)])

    await Promise.all([direct.pin(dag.root), indirect.pin(dag.root)])
    expect(await direct.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
    expect(await indirect.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })

    await client.want(outer.peerId, [late.cid], { sendDontHave: true })
    await client.until(() => client.presences.get(late.cid.toString()) === 'dont-have', 'DONT_HAVE')
    await odd.putBlock(late.bytes)
    await client.until(() => client.blocks.has(late.cid.toString()), 'the late block')
  })
})
