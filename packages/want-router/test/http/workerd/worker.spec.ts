import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { readCar } from '../car/read-car.ts'
import { MemoryDag } from '../dag/memory-dag.ts'

async function bundle (file: string, blocks: ReadonlyMap<string, Uint8Array>): Promise<string> {
  const { outputFiles: [{ text }] } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser', // as in wrangler
    conditions: ['workerd', 'worker', 'browser', 'import'],
    target: 'es2024',
    define: { BLOCKS: JSON.stringify(Object.fromEntries([...blocks].map(([cid, bytes]) => [cid, [...bytes]]))) },
    write: false,
    logLevel: 'silent'
  })

  return text
}

describe('the HTTP handlers in workerd', function () {
  this.timeout(60_000)

  let worker: Miniflare
  const dag = new MemoryDag()
  const root = dag.file(Array.from({ length: 50 }, (_, i) => dag.leaf(i, 100))).cid

  before(async () => {
    worker = new Miniflare({ modules: true, script: await bundle('./worker.ts', dag.blocks), compatibilityDate: '2026-04-01' })
    await worker.ready
  })

  after(async () => {
    await worker?.dispose()
  })

  const get = async (path: string, method = 'GET', headers = {}): Promise<Response> => worker.dispatchFetch(`http://worker${path}`, { method, headers }) as unknown as Promise<Response>

  it('serves blocks and CARs, and says 404 for blocks that it does not have', async () => {
    const block = await get(`/ipfs/${root}?format=raw`)
    expect(block.status).to.equal(200)
    expect(block.headers.get('etag')).to.equal(`"${root}.raw"`)
    const { cids } = readCar(new Uint8Array(await (await get(`/ipfs/${root}?format=car&dag-scope=entity`)).arrayBuffer()))
    expect(cids).to.have.lengthOf(51)
    expect((await get(`/ipfs/${root}?format=car`, 'HEAD')).status).to.equal(200)
    expect((await get('/ipfs/bafkreigaknpexyvxt76zgkitavbwx6ejgfheup5oybpm77f3pxzrvwpfdi?format=raw')).status).to.equal(503)
  })

  it('says 503 to boxo, too, while no member is up, since a Worker cannot break off without a status', async () => {
    const response = await get(`/ipfs/${root}?format=raw`, 'GET', { 'no-member': 'true', 'user-agent': 'kubo/0.43.0/' })
    expect(response.status).to.equal(503)
    expect(response.headers.get('retry-after')).to.equal('1')
  })

  it('breaks a GET of boxo off after its headers when no answer came in time', async () => {
    // over a socket: `dispatchFetch` does not see that a body has ended too early
    const path = '/ipfs/bafkreigaknpexyvxt76zgkitavbwx6ejgfheup5oybpm77f3pxzrvwpfdi?format=raw'
    const response = await fetch(new URL(path, await worker.ready), { headers: { 'user-agent': 'kubo/0.43.0/' } })
    expect(response.headers.get('cache-control')).to.equal('no-store')
    await expect(response.arrayBuffer()).to.eventually.be.rejected()
  })
})
