import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { leaf, node } from '../../support/dag.ts'
import type { TestBlock } from '../../support/dag.ts'
import type { AddressInfo } from 'node:net'

async function bundle (file: string): Promise<string> {
  const { outputFiles: [{ text }] } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser', // as wrangler has it
    conditions: ['workerd', 'worker', 'browser', 'import'],
    target: 'es2024',
    write: false,
    logLevel: 'silent'
  })

  return text
}

describe('refs in workerd', function () {
  this.timeout(60_000)

  let worker: Miniflare
  let root: TestBlock
  let leaves: TestBlock[]
  const held = new Map<string, TestBlock>()
  /** As the RPC of a kubo that lacks what is not held. */
  const kubo = createServer((request, response) => {
    const block = held.get(new URL(request.url ?? '', 'http://kubo').searchParams.get('arg') ?? '')
    response.writeHead(block == null ? 500 : 200)
    response.end(block == null ? '{"Message":"block was not found"}' : block.bytes)
  })

  before(async () => {
    leaves = await Promise.all(['a', 'b', 'c'].map(leaf))
    root = await node(...leaves)
    kubo.listen(0, '127.0.0.1')
    await once(kubo, 'listening')
    const url = `http://127.0.0.1:${(kubo.address() as AddressInfo).port}`
    worker = new Miniflare({ modules: true, script: await bundle('./worker.ts'), compatibilityDate: '2026-04-01', bindings: { KUBO: url } })
    await worker.ready
  })

  after(async () => {
    await worker?.dispose()
    kubo.close()
  })

  beforeEach(() => {
    held.clear();
    [root, ...leaves].forEach(block => held.set(`${block.cid}`, block))
  })

  const ask = async (query = `r=true&arg=${root.cid}`, method = 'POST', headers: Record<string, string> = {}): Promise<Response> =>
    worker.dispatchFetch(`http://worker/api/v0/refs?${query}`, { method, headers }) as unknown as Promise<Response>

  ['identity', 'gzip'].forEach(encoding => {
    it(`list what the member has, for a client that takes ${encoding}`, async () => {
      const response = await ask(undefined, 'POST', { 'accept-encoding': encoding })
      const lines = (await response.text()).trim().split('\n').map(line => JSON.parse(line).Ref)

      expect([response.status, response.headers.get('access-control-allow-origin')]).to.deep.equal([200, '*'])
      expect(lines).to.deep.equal(leaves.map(({ cid }) => `${cid}`))
    })
  })

  it('are an error where the member lacks the root', async () => {
    held.delete(`${root.cid}`)
    expect((await ask()).status).to.equal(502)
  })

  it('are refused like everywhere', async () => {
    expect((await ask('arg=x')).status).to.equal(400)
    expect((await ask('', 'OPTIONS')).status).to.equal(204)
  })
})
