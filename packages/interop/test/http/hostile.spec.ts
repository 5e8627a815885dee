import { connect } from 'node:http2'
import { Agent, request } from 'node:https'
import { expect } from 'aegir/chai'
import { seededBlocks } from '../../src/blocks.ts'
import { FULL } from '../../src/full.ts'
import { residentBytes, resetPeak } from '../../src/memory.ts'
import { needKubo } from '../../src/needs.ts'
import { stack } from '../../src/stack.ts'
import { quantile } from '../../src/timed-fetch.ts'
import { expectNothingLeft } from '../support/bounds.ts'
import { CERTIFICATE } from '../support/certificate.ts'
import { ATTACKS } from './attacks.ts'
import type { Attack, Attacked } from './attacks.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { Kubo } from '../../src/kubo.ts'
import type { Readable } from 'node:stream'

/** Blocks that an honest client gets while the balancer is attacked, by HTTP/1.1 and by HTTP/2. */
const HONEST = FULL ? 500 : 60
/** A request that takes longer was not served, ms. */
const MAX_WAIT = 10_000
/** How much the limits allow unread answers to hold, and as much again for overhead, bytes. */
const MAX_GROWTH = 2 * (128 << 20)
/** Metrics that are 0 when all clients have gone. */
const LEFT = ['kitsune_balancer_http_unsent_bytes', 'kitsune_balancer_http_connections', 'kitsune_router_wants']

describe('a balancer whose HTTP clients are hostile', function () {
  this.timeout(FULL ? 300_000 : 60_000)

  let binary: string
  let balancer: Balancer
  let attacked: Attacked
  /** Another balancer: the effect of an attack on it is what the attack costs the machine. */
  let sink: Attacked | undefined
  let honest: string[]
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'attacks over HTTP')
    const holder = await peers.kubo()
    const [small, large] = await Promise.all([seededBlocks(50, 4_000, 'honest'), seededBlocks(50, 1 << 20, 'attacked')])
    await Promise.all([...small, ...large].map(async ({ bytes }) => holder.putBlock(bytes)))
    honest = small.map(({ cid }) => `/ipfs/${cid}?format=raw`)
    balancer = await startDoor(holder)
    attacked = {
      http: balancer.http[0],
      https: balancer.http[1],
      blocks: large.map(({ cid }) => `/ipfs/${cid}?format=raw`),
      endless: `/ipfs/${await putExpandingDag(holder)}?format=car&car-dups=y`
    }

    if (FULL) {
      const [http, https] = (await startDoor(holder)).http
      sink = { ...attacked, http, https }
    }
  })

  after(async () => {
    await peers.stop()
  })

  async function startDoor (holder: Kubo): Promise<Balancer> {
    return peers.balancer({ downstreams: [holder.url], args: ['--http', 'http://127.0.0.1:0', '--http', 'https://127.0.0.1:0', ...CERTIFICATE] })
  }

  /** Attacks a server while an honest client uses it, until both are done. Resolves with the times of the honest client's requests, ms. */
  async function serveDuring (attack: Attack, least: number, attacked: Attacked): Promise<number[]> {
    const end = new AbortController()
    const attacking = { signal: end.signal, count: 0 }
    const over = attack(attacked, attacking)
    const client = honestClient(balancer.http[1])
    const times: number[] = []

    try {
      for (let i = 0; i < HONEST || attacking.count < least; i++) {
        const start = performance.now()
        expect(await client.get(honest[i % honest.length], i % 2 === 0)).to.deep.equal({ status: 200, length: 4_000 })
        times.push(performance.now() - start)
      }
    } finally {
      end.abort()
      client.stop()
      await over
    }

    return times
  }

  ATTACKS.forEach(({ name, least, attack }) => {
    it(`serves an honest client, within its memory, and keeps nothing: ${name}`, async () => {
      const baseline = sink == null ? [] : await serveDuring(attack, least, sink)
      const before = residentBytes(balancer.pid)?.now ?? 0
      resetPeak(balancer.pid)
      const times = await serveDuring(attack, least, attacked)
      const grown = (residentBytes(balancer.pid)?.peak ?? 0) - before
      expect(grown).to.be.below(MAX_GROWTH)

      // latencies only mean something on an otherwise idle machine
      if (baseline.length > 0) {
        expect(quantile(times, 0.99)).to.be.at.most(3 * quantile(baseline, 0.99) + 100)
      }

      await expectNothingLeft(balancer, LEFT)
    })
  })
})

/** A client that keeps its connections, as browsers and kubo do. */
function honestClient (origin: string): { get (path: string, http2: boolean): Promise<{ status: number, length: number }>, stop (): void } {
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false })
  const session = connect(origin, { rejectUnauthorized: false })

  return {
    get: async (path, http2) => new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(MAX_WAIT)
      let [status, length] = [0, 0]

      const read = (stream: Readable): void => {
        stream.on('data', ({ byteLength }: Uint8Array) => { length += byteLength })
        stream.on('end', () => { resolve({ status, length }) })
        stream.on('error', reject)
      }

      if (http2) {
        const stream = session.request({ ':path': path }, { signal })
        stream.on('response', headers => { status = Number(headers[':status']) })
        read(stream)
      } else {
        request(`${origin}${path}`, { agent, signal }, response => {
          status = response.statusCode ?? 0
          read(response)
        }).on('error', reject).end()
      }
    }),

    stop () {
      agent.destroy()
      session.destroy()
    }
  }
}

/** Adds forty blocks, each with two links to the next: two to the power of forty if duplicates are sent. Returns the root. */
async function putExpandingDag (node: Kubo): Promise<string> {
  let cid = await node.putBlock(new TextEncoder().encode('leaf'))

  for (let i = 0; i < 40; i++) {
    const form = new FormData()
    form.append('data', new Blob([JSON.stringify([{ '/': cid }, { '/': cid }])]))
    const response = await node.call('dag/put', [], { 'store-codec': 'dag-cbor', 'input-codec': 'dag-json' }, { body: form })
    cid = ((await response.json()) as { Cid: { '/': string } }).Cid['/']
  }

  return cid
}
