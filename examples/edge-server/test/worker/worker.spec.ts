import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, scanCar } from '@kitsune/block-source'
import { createHost } from '@kitsune/host/node'
import { createBlockClient } from '@kitsune/want-router/client'
import { denylistEntries, parseDenylist } from '@kitsune/want-router/policies'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { startLocalWorker } from '../../src/local/local-worker.ts'
import { makeSampleCar } from '../../src/local/sample-car.ts'
import { blockOf, carOf } from '../support/cars.ts'
import type { LocalWorker, LocalWorkerInit } from '../../src/local/local-worker.ts'
import type { TestBlock } from '../support/cars.ts'
import type { BlockClient } from '@kitsune/want-router/client'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

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
    // one CAR for each block, so that each takes a separate read
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

  async function start (bindings: Record<string, string> = {}, init: Partial<LocalWorkerInit> = {}): Promise<LocalWorker> {
    const identity = Buffer.from(privateKeyToProtobuf(await generateKeyPair('Ed25519'))).toString('base64')
    const worker = await startLocalWorker({ cars: folder, identity, bindings, ...init })
    stops.push(async () => worker.stop())

    return worker
  }

  async function connect ({ address }: LocalWorker): Promise<BlockClient> {
    const host = await createHost({ agent: { name: 'test', version: '0.0.0' } })
    await host.start()
    stops.push(async () => host.stop())

    return createBlockClient(host, multiaddr(address), { signal: AbortSignal.timeout(20_000) })
  }

  async function serveList (text: string): Promise<string> {
    const server = createServer((_, response) => { response.end(text) })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    stops.push(async () => new Promise(resolve => { server.close(resolve) }))

    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/list.deny`
  }

  async function metric ({ url }: LocalWorker, name: string): Promise<number> {
    const line = (await (await fetch(`${url}/metrics`)).text()).split('\n').find(line => line.startsWith(`kitsune_edge_${name} `))

    return Number(line?.split(' ')[1])
  }

  it('does not compress, since encrypted data does not get smaller', async () => {
    const { url } = await start()
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = get(url, {
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
          // as browsers send it
          'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits'
        }
      })
      request.on('error', reject)
      request.on('upgrade', (response, socket) => {
        socket.destroy()
        resolve(response)
      })
    })

    expect(response.statusCode).to.equal(101)
    expect(response.headers).to.not.have.property('sec-websocket-extensions')
  })

  it('answers with its peer id, its health and its costs', async () => {
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

  it('answers HTTP with blocks, CARs and provider records that name it, and keeps single blocks at the edge', async () => {
    const worker = await start()
    const { cid, bytes } = blocks[3]
    const url = `${worker.url}/ipfs/${cid}?format=raw`
    const answer = await fetch(url)
    expect(answer.status).to.equal(200)
    expect(new Uint8Array(await answer.arrayBuffer())).to.deep.equal(bytes)
    const reads = await metric(worker, 'operations_total{kind="r2Get"}')

    // another isolate has no blocks in memory
    await worker.restart()
    expect(new Uint8Array(await (await fetch(url)).arrayBuffer())).to.deep.equal(bytes)
    expect(reads).to.be.above(0)
    expect(await metric(worker, 'operations_total{kind="r2Get"}')).to.equal(0)
    expect(await metric(worker, 'operations_total{kind="cache"}')).to.equal(1)

    expect((await fetch(url, { method: 'HEAD' })).status).to.equal(200)
    expect((await fetch(`${worker.url}/ipfs/${absent[0].cid}?format=raw`)).status).to.equal(404)
    const car = await fetch(`${worker.url}/ipfs/${cid}?format=car`)
    expect((await car.arrayBuffer()).byteLength).to.be.above(bytes.byteLength)

    const { Providers: [provider] } = await (await fetch(`${worker.url}/routing/v1/providers/${cid}`)).json() as { Providers: Array<{ ID: string, Addrs: string[] }> }
    expect(provider.ID).to.equal(worker.peerId)
    expect(provider.Addrs.map(address => `${address}/p2p/${worker.peerId}`)).to.include(worker.address)
    expect(provider.Addrs).to.include(`/ip4/127.0.0.1/tcp/${new URL(worker.url).port}/http`)
    expect(await (await fetch(`${worker.url}/routing/v1/providers/${absent[0].cid}`)).json()).to.deep.equal({ Providers: [] })
  })

  it('breaks a CAR off over HTTP at a missing block, so that it does not look complete', async () => {
    const { root, bytes } = await makeSampleCar()
    const cars = await mkdtemp(join(tmpdir(), 'kitsune-edge-'))
    stops.push(async () => rm(cars, { recursive: true }))
    let last = 0

    for await (const sections of scanCar(memoryStore({ objects: new Map([['sample', bytes]]) }), 'sample')) {
      last = sections.at(-1)?.offset ?? last
    }

    await writeFile(join(cars, 'without-the-last-block.car'), bytes.subarray(0, last))
    const { url } = await start({}, { cars })

    const sectionsOf = async (path: string): Promise<number> => {
      const car = new Uint8Array(await (await fetch(`${url}/ipfs/${root}${path}?format=car`)).arrayBuffer())
      let found = 0

      for await (const sections of scanCar(memoryStore({ objects: new Map([['answer', car]]) }), 'answer')) {
        found += sections.length
      }

      return found
    }

    // the directory, and the file
    expect(await sectionsOf('/hello.txt')).to.equal(2)
    // workerd does not close the connection, and sends nothing more on it
    await expect(sectionsOf('/numbers.txt')).to.eventually.be.rejectedWith(/goes beyond the end|fetch failed/)
    await expect(sectionsOf('')).to.eventually.be.rejectedWith(/goes beyond the end|fetch failed/)
  })

  it('also denies listed blocks over HTTP, even if they are in the cache of the location', async () => {
    const { cid, bytes } = blocks[3]
    const open = await start()
    expect((await fetch(`${open.url}/ipfs/${cid}?format=raw`)).status).to.equal(200)
    expect(new Uint8Array(await (await fetch(`${open.url}/ipfs/${cid}?format=raw`)).arrayBuffer())).to.deep.equal(bytes)

    await open.restart({ DENYLISTS: await serveList(`/ipfs/${cid}\n`), ACCESS_LISTS: await serveList(`deny cid ${blocks[5].cid}\n`) })
    expect((await fetch(`${open.url}/ipfs/${cid}?format=raw`)).status).to.equal(451)
    expect((await fetch(`${open.url}/ipfs/${blocks[5].cid}?format=raw`)).status).to.equal(451)
    expect((await fetch(`${open.url}/ipfs/${blocks[4].cid}?format=raw`)).status).to.equal(200)
  })

  it('asks KV about blocks that its filter takes for denied, and serves nothing until the filter has been read', async () => {
    const { cid } = blocks[3]
    const { keys, filter } = denylistEntries([(await parseDenylist(`/ipfs/${cid}\n`, async () => {})).rules])
    const worker = await start({}, { denylistStore: true })
    const status = async (of = cid): Promise<number> => (await fetch(`${worker.url}/ipfs/${of}?format=raw`)).status
    expect(await status()).to.equal(503)

    const kv = await worker.miniflare.getKVNamespace('DENYLIST') as unknown as { put (key: string, value: string): Promise<void> }
    await kv.put('filter', filter)
    await Promise.all(keys.map(async key => kv.put(key, '{}')))
    expect(await status()).to.equal(451)
    expect(await status(blocks[4].cid)).to.equal(200)
    const reads = await metric(worker, 'operations_total{kind="kvRead"}')
    expect(await status(blocks[5].cid)).to.equal(200)
    expect(await status()).to.equal(451)
    expect(await metric(worker, 'operations_total{kind="kvRead"}')).to.equal(reads)
  })

  it('counts quotas in a Durable Object, which outlives the isolate', async () => {
    const worker = await start({ QUOTAS: '{"total": {"blocksPerDay": 50}}' })
    const get = async (i: number): Promise<number> => (await fetch(`${worker.url}/ipfs/${blocks[i].cid}?format=raw`)).status

    for (let i = 0; i < 30; i++) {
      expect(await get(i)).to.equal(200)
    }

    expect(await metric(worker, 'operations_total{kind="durableRequest"}')).to.be.within(25, 35)
    await worker.restart()

    let served = 0

    for (let i = 0; i < 30; i++) {
      served += await get(i) === 200 ? 1 : 0
    }

    // a lease is one block of fifty: unused leases are lost with the isolate
    expect(served).to.be.within(18, 20)
  })

  it('says which bindings are missing', async () => {
    await expect(start({ IDENTITY: 'nonsense!' })).to.be.rejectedWith('the identity')
  })

  it('ends a connection whose sub-requests are used up, sends no DONT_HAVE, and continues when the client comes back', async () => {
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

  it('keeps its connections apart: one that ends does not affect the others', async () => {
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
