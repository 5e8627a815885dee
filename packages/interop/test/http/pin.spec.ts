import { createHash } from 'node:crypto'
import { expect } from 'aegir/chai'
import { seededBlocks } from '../../src/blocks.ts'
import { createDag, seededBuffer } from '../../src/dag.ts'
import { freePort } from '../../src/free-port.ts'
import { FULL } from '../../src/full.ts'
import { needKubo } from '../../src/needs.ts'
import { recordHttp } from '../../src/results.ts'
import { stack } from '../../src/stack.ts'
import { delay, poll } from '../../src/until.ts'
import { CERTIFICATE } from '../support/certificate.ts'
import { recordsClient } from '../support/records-client.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { Dag } from '../../src/dag.ts'
import type { Kubo } from '../../src/kubo.ts'

const SIZE = 256 << 20
const BLOCK_SIZE = 256 << 10
const LEAVES = SIZE / BLOCK_SIZE
/** Enough to be pinned for a while. */
const SMALL_SIZE = 16 << 20
/** After this many misses in a row kubo drops a peer until it hears of it again. */
const MISSES_OF_KUBO = 100
/** How soon it is served after the only node has come back, ms. */
const RETURN_MS = 5000
/** Longer than a GET waits for a silent node, and shorter than a search for providers does, which sends kubo to bitswap, ms. */
const SILENCE_MS = 5500
/** Longer than a search of boxo waits besides, ms. */
const LONG_SILENCE_MS = 20_000
/** Longer than a search of boxo, which searches again only a minute later, ms. */
const LONG_OUTAGE_MS = 12_000

type File = Pick<Dag, 'root' | 'sha256' | 'size'>

describe('a kubo for which loopback is the internet, and that finds the balancer by its provider records', function () {
  this.timeout(300_000)

  let binary: string
  let dag: Dag
  /** What is pinned where the size does not matter. */
  let small: File
  let holder: Kubo
  let balancer: Balancer
  const nodes = stack(() => binary)
  const clients = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'pins over HTTP')
    dag = await createDag(binary, { size: SIZE, blockSize: BLOCK_SIZE, seed: 'http' })
    holder = await nodes.kubo({ dag })
    small = await addFile(holder, seededBuffer(SMALL_SIZE, 'small'))
    balancer = await startDoor(holder.url)
  })

  afterEach(async () => {
    await clients.stop()
  })

  after(async () => {
    await nodes.stop()
  })

  async function startDoor (...downstreams: string[]): Promise<Balancer> {
    const port = await freePort()

    return nodes.balancer({
      downstreams,
      args: [
        '--http', `https://localhost:${port}`, '--http', 'http://127.0.0.1:0', '--public-url', `https://localhost:${port}`,
        ...CERTIFICATE
      ]
    })
  }

  const startClient = async (http: boolean, router = balancer): Promise<Kubo> =>
    clients.kubo(recordsClient({ records: router.http[1], http, ignored: [holder.peerId] }))

  const pin = async (client: Kubo, file = small): Promise<number> => {
    const start = performance.now()
    await client.pin(file.root, { signal: AbortSignal.timeout(240_000) })
    const seconds = (performance.now() - start) / 1000
    expect(await client.cat(file.root)).to.deep.equal({ sha256: file.sha256, length: file.size })

    return seconds
  }

  const pinLarge = async (client: Kubo, how: string): Promise<void> => {
    const seconds = await pin(client, dag)
    FULL && recordHttp([{ what: `a kubo pins ${how}`, size: SIZE, seconds }])
    // it logs neither unless it drops the balancer
    expect(client.logged()).to.not.include('too many client errors').and.to.not.include('exceeded server errors')
  }

  /** A client that knows the balancer begins to pin when the only node has gone. */
  const pinWithoutNode = async (): Promise<{ client: Kubo, pinned: Promise<number> }> => {
    const client = await startClient(true)
    await client.getBlock(small.root, { signal: AbortSignal.timeout(20_000) })
    await holder.kill()
    await poll(async () => !await balancer.ready(), 'the balancer to notice')
    const pinned = pin(client)
    pinned.catch(() => {})

    return { client, pinned }
  }

  const blocksOverHttp = async (): Promise<number> => balancer.metric('kitsune_balancer_http_requests_total', 'kind="block",method="GET",status="200"')

  it(`pins ${SIZE >> 20} MiB over HTTPS with HTTP/2`, async () => {
    const before = await blocksOverHttp()
    const client = await startClient(true)
    await pinLarge(client, 'over HTTPS with HTTP/2')

    expect(await blocksOverHttp() - before).to.be.at.least(LEAVES)
    const gets = client.logged().match(/GET \\?"https:\/\/localhost:\d+\/ipfs\/\w+\?format=raw\\?" -> 200/g) ?? []
    expect(gets.length).to.be.at.least(LEAVES)
    // kubo refuses HTTP/1.1 over TLS, and says so
    expect(client.logged()).to.not.include('is not using HTTP/2')
    expect(await client.peers()).to.deep.equal([])
  })

  it('finds it again after more misses in a row than kubo tolerates', async () => {
    const client = await startClient(true)
    await client.getBlock(small.root, { signal: AbortSignal.timeout(20_000) })
    const missing = await seededBlocks(MISSES_OF_KUBO + 20, 32, 'no node has these')
    const signal = AbortSignal.timeout(3_000)
    await Promise.allSettled(missing.map(async ({ cid }) => client.getBlock(cid.toString(), { signal })))
    await pin(client)

    expect(await client.peers()).to.deep.equal([])
  })

  it('is not dropped for blocks about which no node can tell', async () => {
    // for a minute a node that is down may have the blocks that the other does not have
    const unsure = await startDoor(holder.url, `http://127.0.0.1:${await freePort()}`)
    const client = await startClient(true, unsure)
    await client.getBlock(small.root, { signal: AbortSignal.timeout(20_000) })
    const signal = AbortSignal.timeout(10_000)
    const unknown = await seededBlocks(5, 32, 'no node can tell')
    const asking = unknown.map(async ({ cid }) => client.getBlock(cid.toString(), { signal }).catch(() => {}))
    await poll(async () => await unsure.metric('kitsune_balancer_http_requests_total', 'kind="block",method="HEAD",status="404"') >= unknown.length, 'an answer for each')
    await pin(client)
    expect(client.logged()).to.not.include('-> 503').and.to.not.include('exceeded server errors')
    await clients.stop()
    await Promise.all(asking)
  })

  it('is served within 5 s of the return of the only node', async () => {
    const { client, pinned } = await pinWithoutNode()
    const asked = async (): Promise<number> => balancer.metric('kitsune_balancer_http_requests_total', 'kind="block",method="HEAD",status="503"')
    await poll(async () => await asked() > 0, 'it to ask in vain')
    const before = await blocksOverHttp()
    await holder.restart()
    await poll(balancer.ready, 'the balancer to reach the node')
    await poll(async () => await blocksOverHttp() > before, 'a block', { timeout: RETURN_MS })
    await pinned

    expect(await client.peers()).to.deep.equal([])
  })

  it('is served within 5 s of the return of the only node after a long outage, too: it waits over bitswap', async () => {
    const { client, pinned } = await pinWithoutNode()
    await delay(LONG_OUTAGE_MS)
    const before = await client.blocksReceived()

    await holder.restart()
    await poll(balancer.ready, 'the balancer to reach the node')
    await poll(async () => await client.blocksReceived() > before, 'a block', { timeout: RETURN_MS })
    await pinned

    expect(await client.peers()).to.deep.equal([balancer.peerId])
  })

  /** Pins while the only node is silent for a while, and returns the peers to which the client is connected over libp2p in the end. */
  const pinThroughSilence = async (silence: number): Promise<string[]> => {
    const client = await startClient(true)
    // after a long silence it asks over bitswap
    const blocks = async (): Promise<number> => await blocksOverHttp() + await client.blocksReceived()
    const before = await blocks()
    const pinned = pin(client, dag)
    pinned.catch(() => {})
    await poll(async () => await blocks() > before + LEAVES / 8, 'a part of it')
    holder.suspend()
    await delay(silence)
    const received = await blocks()
    holder.resume()
    await poll(async () => await blocks() > received, 'a block', { timeout: RETURN_MS })
    await pinned

    expect(received - before).to.be.below(LEAVES)

    return client.peers()
  }

  it('goes on within 5 s after the only node was silent for some seconds in the middle of a pin', async () => {
    expect(await pinThroughSilence(SILENCE_MS)).to.deep.equal([])
  })

  FULL && it('goes on within 5 s after the only node was silent for long in the middle of a pin, too: it waits over bitswap', async () => {
    await pinThroughSilence(LONG_SILENCE_MS)
  })

  it(`pins ${SIZE >> 20} MiB over bitswap, which the same records name, if it does not ask over HTTP`, async () => {
    const before = await blocksOverHttp()
    const client = await startClient(false)
    await pinLarge(client, 'over bitswap, with `HTTPRetrieval` off')

    expect(await client.peers()).to.deep.equal([balancer.peerId])
    expect(await client.blocksReceived()).to.be.at.least(LEAVES)
    expect(client.logged()).to.not.include('format=raw')
    expect(await blocksOverHttp() - before).to.equal(0)
  })
})

async function addFile (node: Kubo, bytes: Uint8Array): Promise<File> {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(bytes)]))
  const response = await node.call('add', [], { 'cid-version': '1', 'raw-leaves': 'true', pin: 'false', progress: 'false', chunker: `size-${BLOCK_SIZE}` }, { body: form })
  const { Hash } = await response.json() as { Hash: string }

  return { root: Hash, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.byteLength }
}
