import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHost } from '@kitsune/host/node'
import { createBlockClient } from '@kitsune/want-router/client'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { startLocalWorker } from '../../src/local/local-worker.ts'
import { blockOf, carOf } from '../support/cars.ts'
import type { LocalWorker } from '../../src/local/local-worker.ts'
import type { TestBlock } from '../support/cars.ts'
import type { BlockClient } from '@kitsune/want-router/client'

describe('the Worker', function () {
  this.timeout(60_000)

  let folder: string
  let blocks: TestBlock[]
  let absent: TestBlock[]
  const stops: Array<() => Promise<unknown>> = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-edge-'))
    blocks = await Promise.all(Array.from({ length: 40 }, async (_, i) => blockOf(`block ${i}`)))
    absent = await Promise.all(Array.from({ length: 20 }, async (_, i) => blockOf(`absent ${i}`)))
    // one CAR for each block, so that each takes a read of its own
    await Promise.all(blocks.map(async (block, i) => writeFile(join(folder, `${i}.car`), carOf([block]))))
  })

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) {
      await stop()
    }
  })

  after(async () => {
    await rm(folder, { recursive: true })
  })

  async function start (bindings: Record<string, string> = {}): Promise<LocalWorker> {
    const identity = Buffer.from(privateKeyToProtobuf(await generateKeyPair('Ed25519'))).toString('base64')
    const worker = await startLocalWorker({ cars: folder, identity, bindings })
    stops.push(async () => worker.stop())

    return worker
  }

  async function connect ({ address }: LocalWorker): Promise<BlockClient> {
    const host = await createHost({ agent: { name: 'test', version: '0.0.0' } })
    await host.start()
    stops.push(async () => host.stop())

    return createBlockClient(host, multiaddr(address), { signal: AbortSignal.timeout(20_000) })
  }

  async function metric ({ url }: LocalWorker, name: string): Promise<number> {
    const line = (await (await fetch(`${url}/metrics`)).text()).split('\n').find(line => line.startsWith(`kitsune_edge_${name} `))

    return Number(line?.split(' ')[1])
  }

  it('tells who it is, that it is well, and what it costs', async () => {
    const worker = await start()
    const client = await connect(worker)
    expect(await client.get(blocks[0].cid)).to.deep.equal(blocks[0].bytes)

    expect(await (await fetch(worker.url)).json()).to.deep.equal({ peerId: worker.peerId, addresses: [worker.address] })
    expect((await fetch(`${worker.url}/healthz`)).status).to.equal(200)
    // the root and a page of the map, and the block
    expect(await metric(worker, 'operations_total{kind="r2Get"}')).to.be.within(1, 5)
    expect(await metric(worker, 'blocks_sent_total')).to.equal(1)
    expect(await metric(worker, 'dollars_per_million_blocks')).to.be.within(0.3, 3)
    expect((await fetch(`${worker.url}/index/x`)).status).to.equal(404)
  })

  it('says which bindings are missing', async () => {
    await expect(start({ IDENTITY: 'nonsense!' })).to.be.rejectedWith('the identity')
  })

  it('ends a connection whose sub-requests are used up, denies nothing, and goes on when the client comes back', async () => {
    const worker = await start({ SUB_REQUESTS: '20' })
    const missing = new Map(blocks.map(block => [block.cid.toString(), block]))
    const errors = new Set<string>()
    let connections = 0

    for (; missing.size > 0 && connections < 10; connections++) {
      const client = await connect(worker)
      await Promise.all([...missing.values()].map(async ({ cid, bytes }) => {
        try {
          expect(await client.get(cid)).to.deep.equal(bytes)
          missing.delete(cid.toString())
        } catch (err) {
          errors.add((err as Error).message)
        }
      }))
    }

    expect([...errors]).to.deep.equal(['the connection was lost'])
    expect(missing.size).to.equal(0)
    expect(connections).to.be.within(2, 5)
    expect(await metric(worker, 'budgets_spent_total')).to.equal(connections - 1)
  })

  it('disconnects a client that misses too many blocks in a row, and not another one', async () => {
    const worker = await start({ QUOTAS: '{"maxMisses": 20}' })
    const client = await connect(worker)
    await Promise.all(absent.map(async ({ cid }) => expect(client.get(cid)).to.eventually.be.rejectedWith('does not have')))
    await expect(client.get(blocks[0].cid)).to.eventually.be.rejectedWith('connection was lost')

    const other = await connect(worker)
    expect(await other.get(blocks[0].cid)).to.deep.equal(blocks[0].bytes)
  })

  it('keeps its connections apart: one that ends does not disturb the others', async () => {
    const worker = await start()
    const clients = await Promise.all(Array.from({ length: 5 }, async () => connect(worker)))
    const results = await Promise.all(clients.map(async client => Promise.all(blocks.map(async ({ cid }) => client.get(cid)))))

    for (const result of results) {
      expect(result).to.deep.equal(blocks.map(({ bytes }) => bytes))
    }
    await stops.pop()?.()
    expect(await clients[0].get(blocks[7].cid)).to.deep.equal(blocks[7].bytes)
  })
})
