import { expect } from 'aegir/chai'
import { createDag } from '../src/dag.ts'
import { OLD_KUBO_VERSION } from '../src/find-old-kubo.ts'
import { FULL } from '../src/full.ts'
import { needKubo, needOldKubo } from '../src/needs.ts'
import { pinAgain } from '../src/pin-again.ts'
import { stack } from '../src/stack.ts'
import type { Dag, DagInit } from '../src/dag.ts'
import type { Kubo } from '../src/kubo.ts'

const KiB = 1 << 10
const MiB = 1 << 20

/** Blocks of which many fit one message, and blocks that each fill several. */
const shapes = [
  { size: 2_000 * 100, blockSize: 100 },
  { size: (FULL ? 256 : 48) * MiB, blockSize: 256 * KiB },
  { size: 16 * MiB, blockSize: MiB }
]

/** Both muxers that it knows. Mplex has no flow control: if a reader pauses, its stream is reset. */
const muxers = [{ muxer: 'yamux' }, { muxer: 'mplex' }] as const

const cases = muxers.flatMap(muxer => shapes.map(shape => ({ ...muxer, ...shape })))

describe(`kubo ${OLD_KUBO_VERSION}`, function () {
  this.timeout(FULL ? 300_000 : 120_000)

  let oldBinary: string
  let newBinary: string
  const old = stack(() => oldBinary)
  const peers = stack(() => newBinary)

  before(function () {
    newBinary = needKubo(this, 'old kubos as clients and as nodes')
    oldBinary = needOldKubo(this, 'old kubos as clients and as nodes')
  })

  const dags = new Map<string, Promise<Dag>>()

  const dagOf = async (binary: string, shape: DagInit): Promise<Dag> => {
    const key = `${binary}/${shape.size}`
    const dag = dags.get(key) ?? createDag(binary, shape)
    dags.set(key, dag)

    return dag
  }

  afterEach(async () => {
    await old.stop()
    await peers.stop()
  })

  /** Pins through a balancer in front of one node, and expects that no answer was lost on the way. */
  const pin = async (node: Kubo, client: Kubo, dag: Dag): Promise<void> => {
    const balancer = await peers.balancer({ downstreams: [node.url] })
    await client.connect(balancer.tcp)

    await pinAgain(client, dag.root, AbortSignal.timeout(FULL ? 120_000 : 60_000))

    expect(await client.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
    expect(await client.peers()).to.deep.equal([balancer.peerId])
    expect(await balancer.metric('kitsune_router_member_timeouts_total'), 'wants that were not answered').to.equal(0)
    expect(await balancer.metric('kitsune_router_dropped_messages_total')).to.equal(0)
  }

  const options = (muxer: 'yamux' | 'mplex'): { muxer?: 'mplex' } => muxer === 'mplex' ? { muxer } : {}

  cases.forEach(({ muxer, ...shape }) => {
    const what = `${shape.size / shape.blockSize} blocks of ${shape.blockSize} bytes, over ${muxer}`

    it(`serves as a node ${what}`, async () => {
      const dag = await dagOf(oldBinary, shape)

      await pin(await old.kubo({ dag, ...options(muxer) }), await peers.kubo(), dag)
    })

    it(`pins as a client ${what}`, async () => {
      const dag = await dagOf(newBinary, shape)

      await pin(await peers.kubo({ dag }), await old.kubo(options(muxer)), dag)
    })
  })
})
