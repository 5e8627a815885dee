import { expect } from 'aegir/chai'
import { createDag } from '../src/dag.ts'
import { FULL } from '../src/full.ts'
import { needKubo } from '../src/needs.ts'
import { recordResults } from '../src/results.ts'
import { stack } from '../src/stack.ts'
import type { Dag, Share } from '../src/dag.ts'
import type { Kubo } from '../src/kubo.ts'
import type { PinResult } from '../src/results.ts'

const KiB = 1 << 10
const MiB = 1 << 20

const shapes = [
  { blockSize: 256 * KiB, full: 1024 * MiB, long: 256 * MiB, brief: 64 * MiB },
  { blockSize: KiB, full: 64 * MiB, long: 8 * MiB, brief: 4 * MiB }
]

const transports = ['tcp', 'ws'] as const

const holdings: Array<{ what: string, shares: [Share, Share] }> = [
  { what: 'two kubos that each hold all of it', shares: ['all', 'all'] },
  { what: 'two kubos of which only the second holds it', shares: ['none', 'all'] },
  { what: 'two kubos that hold one half of its blocks each', shares: ['even', 'odd'] }
]

describe('a kubo that knows only the balancer', function () {
  this.timeout(FULL ? 900_000 : 280_000)

  const dags = new Map<string, Promise<Dag>>()
  const results: PinResult[] = []
  let binary: string
  const peers = stack(() => binary)

  const dagOf = async (size: number, blockSize: number): Promise<Dag> => {
    const key = `${size}/${blockSize}`
    const dag = dags.get(key) ?? createDag(binary, { size, blockSize })
    dags.set(key, dag)

    return dag
  }

  before(function () {
    binary = needKubo(this, 'pins through the balancer')
  })

  afterEach(async () => {
    await peers.stop()
  })

  after(() => {
    if (FULL) {
      recordResults(results)
    }
  })

  for (const { blockSize, full, long, brief } of shapes) {
    for (const transport of transports) {
      for (const { what, shares } of holdings) {
        const inBrief = transport === 'tcp' && shares[0] === 'all' ? long : brief
        const size = FULL ? full : inBrief

        it(`pins ${size / MiB} MiB in blocks of ${blockSize / KiB} KiB over ${transport} from ${what}`, async () => {
          const dag = await dagOf(size, blockSize)
          const downstreams = await Promise.all(shares.map(async share => peers.kubo({ dag, share })))
          const balancer = await peers.balancer({ downstreams: downstreams.map(kubo => addressOf(kubo, transport)) })
          const client = await peers.kubo()

          await client.connect(balancer[transport])

          const start = performance.now()
          await client.pin(dag.root, { signal: AbortSignal.timeout(FULL ? 800_000 : 240_000) })
          const seconds = (performance.now() - start) / 1000

          expect(await client.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
          expect(await client.peers()).to.deep.equal([balancer.peerId])

          results.push({ size, blockSize, transport, downstreams: what, seconds })
        })
      }
    }
  }
})

/** Over tcp by the RPC, which is how an operator names a kubo; the RPC never leads to WebSockets, so those are named by their multiaddr. */
function addressOf (kubo: Kubo, transport: 'tcp' | 'ws'): string {
  return transport === 'tcp' ? kubo.url : kubo.ws
}
