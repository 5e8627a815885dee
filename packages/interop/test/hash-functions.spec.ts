import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { createDag, seededBuffer } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import type { Balancer } from '../src/balancer.ts'
import type { Dag } from '../src/dag.ts'
import type { Kubo } from '../src/kubo.ts'

const FUNCTIONS = [
  { hash: 'keccak-256' },
  { hash: 'shake-256' },
  { hash: 'blake3', hashLength: 64 },
  { hash: 'blake3', hashLength: 128 },
  { hash: 'blake2b-256' },
  { hash: 'sha3-384' },
  { hash: 'sha1' },
  { hash: 'dbl-sha2-256' }
]

/** Of each kind, more than would make a member look like a liar. */
const OF_EACH = 40

describe('blocks of hash functions that are rare', function () {
  this.timeout(120_000)

  let binary: string
  let dag: Dag
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'blocks of rare hash functions through the balancer')
    dag = await createDag(binary, { size: 32 << 20, blockSize: 256 << 10 })
  })

  afterEach(async () => {
    await peers.stop()
  })

  /** Two kubos that hold the same: the DAG, and the rare blocks. */
  async function holders (functions: typeof FUNCTIONS): Promise<{ kubos: Kubo[], rare: Map<string, Uint8Array> }> {
    const kubos = [await peers.kubo({ dag }), await peers.kubo({ dag })]
    const rare = new Map<string, Uint8Array>()

    for (const options of functions) {
      for (let i = 0; i < OF_EACH; i++) {
        const bytes = seededBuffer(1000, `${options.hash} ${options.hashLength} ${i}`)
        const [cid] = await Promise.all(kubos.map(async kubo => kubo.putBlock(bytes, options)))
        rare.set(cid as string, bytes)
      }
    }

    return { kubos, rare }
  }

  /** The faults that the members are charged with. */
  async function blame (balancer: Balancer): Promise<number[]> {
    return Promise.all(['ejections', 'failures', 'timeouts', 'unsolicited_blocks'].map(async name => balancer.metric(`kitsune_router_member_${name}_total`)))
  }

  it('are served like any other, beside the pin of an ordinary DAG', async () => {
    const { kubos, rare } = await holders(FUNCTIONS)
    const balancer = await peers.balancer({ downstreams: kubos.map(({ url }) => url) })
    const [client, honest] = [await peers.kubo(), await peers.kubo()]
    await client.connect(balancer.tcp)
    await honest.connect(balancer.tcp)

    await Promise.all([
      honest.pin(dag.root, { signal: AbortSignal.timeout(60_000) }),
      ...[...rare].map(async ([cid, bytes]) => {
        expect(Buffer.compare(await client.getBlock(cid, { signal: AbortSignal.timeout(60_000) }), bytes), cid).to.equal(0)
      })
    ])

    expect(await honest.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
    expect(await blame(balancer)).to.deep.equal([0, 0, 0, 0])
  })

  it('get DONT_HAVE at once if they cannot be verified, and no node is asked', async () => {
    const { kubos, rare } = await holders([{ hash: 'keccak-256' }])
    const balancer = await peers.balancer({ downstreams: kubos.map(({ url }) => url), args: ['--hashes', 'fast'] })
    const honest = await peers.kubo()
    const wire = await peers.wire()
    await honest.connect(balancer.tcp)
    await wire.connect(balancer.tcp)

    const pinned = honest.pin(dag.root, { signal: AbortSignal.timeout(60_000) })
    const cids = [...rare.keys()].map(cid => CID.parse(cid))
    await wire.want(balancer.peerId, cids, { sendDontHave: true })
    await wire.until(() => cids.every(cid => wire.presences.get(cid.toString()) === 'dont-have'), 'DONT_HAVE for each')
    await pinned

    expect(wire.blocks.size).to.equal(0)
    expect(await balancer.metric('kitsune_router_unverifiable_wants_total')).to.equal(OF_EACH)
    expect(await blame(balancer)).to.deep.equal([0, 0, 0, 0])
  })
})
