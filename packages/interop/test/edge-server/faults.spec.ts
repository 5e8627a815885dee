import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { base16 } from 'multiformats/bases/base16'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { seededBlocks } from '../../src/blocks.ts'
import { removeFolder, temporaryFolder } from '../../src/processes.ts'
import { stack } from '../../src/stack.ts'
import { delay, poll } from '../../src/until.ts'
import { startWorker, workerMetric } from '../support/local-worker.ts'
import { writeCar } from '../support/write-car.ts'
import type { TestBlock } from '../../src/blocks.ts'
import type { LocalWorker } from 'kitsune-edge/local'
import type { AddressInfo } from 'node:net'

/** What a read of a CAR meets, and the error that is counted then. */
const FAULTS = {
  'an error of R2': ['throw', 'StoreUnavailableError'],
  'fewer bytes than the range has': ['short', 'TruncatedError'],
  'other bytes': ['wrong', 'HashMismatchError'],
  'the whole object in place of a range': ['whole', undefined],
  'a CAR that has gone': ['gone', 'ObjectMissingError'],
  'a CAR that ends before the block': ['cut', undefined]
} as const

/** R2, of which reads of CARs meet what a server says at that moment. */
const BUCKET = `
export default ({ inner, url }) => ({
  head: async key => inner.head(key),
  list: async options => inner.list(options),
  async get (key, options) {
    const fault = key.endsWith('.car') ? await (await fetch(url)).text() : ''
    if (fault === 'throw') {
      throw new Error('get: We encountered an internal error. Please try again. (10001)')
    }
    if (fault === 'hang') {
      await scheduler.wait(60_000)
    }
    if (fault === 'gone') {
      return null
    }
    if (fault === 'cut' && options?.range?.offset > 100) {
      throw new Error('get: The requested range is not satisfiable (10039)')
    }
    const found = await inner.get(key, fault === 'whole' ? {} : options)
    if (found == null || fault === '') {
      return found
    }
    let bytes = new Uint8Array(await found.arrayBuffer())
    if (fault === 'short') {
      bytes = bytes.subarray(0, bytes.length >> 1)
    }
    if (fault === 'wrong') {
      bytes = bytes.map(byte => byte ^ 1)
    }
    return { size: found.size, etag: found.etag, body: new Response(bytes).body }
  }
})`

describe('the edge server in workerd, when something fails', function () {
  this.timeout(120_000)

  let folder: string
  let blocks: TestBlock[]
  let fault = ''
  const peers = stack()

  before(async () => {
    folder = temporaryFolder('cars')
    blocks = await seededBlocks(20, 32 << 10, 'faults')
    await writeCar(join(folder, 'blocks.car'), blocks)
  })

  afterEach(async () => {
    fault = ''
    await peers.stop()
  })

  after(() => {
    removeFolder(folder)
  })

  /** A server whose every answer is what `body` returns at that moment. */
  async function answering (body: () => string, status: () => number = () => 200): Promise<string> {
    const server = createServer((_, response) => { response.writeHead(status(), { 'cache-control': 'no-store' }).end(body()) })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    peers.onStop(async () => {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    })

    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  async function start (bindings: Record<string, string> = {}): Promise<LocalWorker> {
    const url = await answering(() => fault)
    const edge = await startWorker({ cars: folder, bindings, bucket: { script: BUCKET, bindings: { url } } })
    peers.onStop(async () => edge.stop())

    return edge
  }

  async function get (edge: LocalWorker, cid: CID | string): Promise<{ status: number, bytes: Uint8Array }> {
    const response = await fetch(`${edge.url}/ipfs/${cid}?format=raw`)

    return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) }
  }

  Object.entries(FAULTS).forEach(([what, [mode, error]]) => {
    it(`neither denies a block nor sends wrong bytes where a read meets ${what}, and serves it when that is over`, async () => {
      const edge = await start()
      const client = await peers.wire()
      await client.connect(edge.address)
      fault = mode
      const [wanted] = blocks
      await client.want(edge.peerId, [wanted.cid], { sendDontHave: true })
      const over = await get(edge, blocks[10].cid)

      if (over.status === 200) {
        expect(over.bytes).to.deep.equal(blocks[10].bytes)
      } else {
        expect(over.status).to.equal(503)
      }

      if (error != null) {
        await poll(async () => await workerMetric(edge, `failed_reads_total{error="${error}"}`) >= 2, `two reads to fail by ${error}`, { timeout: 30_000 })
      }

      // time for what would be sent in spite of it
      await delay(500)
      expect([...client.blocks.keys()].every(cid => cid === wanted.cid.toString())).to.equal(true)
      expect(client.presences.size).to.equal(0)

      fault = ''
      expect(await get(edge, blocks[10].cid)).to.deep.equal({ status: 200, bytes: blocks[10].bytes })
      await client.cancel(edge.peerId, [wanted.cid])
      expect(await client.fetch(edge.peerId, [wanted.cid], 40_000)).to.deep.equal([wanted.bytes])
    })
  })

  it('keeps a client waiting for a read that hangs, and sends it what another read brings', async () => {
    const edge = await start()
    const client = await peers.wire()
    await client.connect(edge.address)
    await client.fetch(edge.peerId, [blocks[3].cid])
    fault = 'hang'
    await client.want(edge.peerId, [blocks[4].cid], { sendDontHave: true })
    await delay(1_000)
    expect(client.presences.size).to.equal(0)
    fault = ''
    const other = await peers.wire()
    await other.connect(edge.address)
    expect(await other.fetch(edge.peerId, [blocks[9].cid], 20_000)).to.deep.equal([blocks[9].bytes])
  })

  it('serves nothing while a denylist has not been read, and what it does not deny soon after it can be', async () => {
    let status = 500
    const edge = await start({ DENYLISTS: await answering(() => `/ipfs/${blocks[0].cid}\n`, () => status) })
    const client = await peers.wire()
    await client.connect(edge.address)
    expect((await get(edge, blocks[0].cid)).status).to.equal(503)
    expect((await get(edge, blocks[1].cid)).status).to.equal(503)
    await client.want(edge.peerId, [blocks[0].cid, blocks[1].cid], { sendDontHave: true })
    await delay(500)
    expect(client.blocks.size).to.equal(0)
    expect(client.presences.size).to.equal(0)

    status = 200
    await poll(async () => (await get(edge, blocks[1].cid)).status === 200, 'the list to be read again', { timeout: 10_000, interval: 100 })
    expect((await get(edge, blocks[0].cid)).status).to.equal(451)
    await client.cancel(edge.peerId, [blocks[0].cid, blocks[1].cid])
    expect(await client.fetch(edge.peerId, [blocks[1].cid])).to.deep.equal([blocks[1].bytes])
    expect(client.blocks.has(blocks[0].cid.toString())).to.equal(false)
  })

  it('denies a block by each of the CIDs that it has, over HTTP and bitswap, and no other block', async () => {
    const [{ cid: { multihash } }] = blocks
    const edge = await start({ DENYLISTS: await answering(() => `/ipfs/${CID.createV1(0x55, multihash)}\n`) })
    const v0 = CID.createV0(multihash as Parameters<typeof CID.createV0>[0])
    const others = [0x55, 0x70, 0x71].map(codec => CID.createV1(codec, multihash))
    const spellings = [v0.toString(), ...others.flatMap(cid => [cid.toString(), cid.toString(base58btc), cid.toString(base16)])]

    for (const spelling of spellings) {
      expect((await get(edge, spelling)).status, spelling).to.equal(451)
    }

    const client = await peers.wire()
    await client.connect(edge.address)

    for (const cid of [v0, ...others]) {
      await client.want(edge.peerId, [cid])
    }

    await client.fetch(edge.peerId, [blocks[1].cid])
    await delay(500)
    expect([...client.blocks.keys()]).to.deep.equal([blocks[1].cid.toString()])
  })
})
