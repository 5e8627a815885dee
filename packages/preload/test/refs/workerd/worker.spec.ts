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

const ENCODINGS = ['identity', 'gzip']

describe('refs in workerd', function () {
  this.timeout(60_000)

  let worker: Miniflare
  let root: TestBlock
  let leaves: TestBlock[]
  let url: URL
  const held = new Map<string, TestBlock>()
  /** Resolves when the kubo may say that it lacks a block. */
  let lacking: PromiseWithResolvers<void>
  /** As the RPC of a kubo that lacks what is not held. */
  const kubo = createServer((request, response) => {
    const block = held.get(new URL(request.url ?? '', 'http://kubo').searchParams.get('arg') ?? '')

    if (block != null) {
      response.end(block.bytes)

      return
    }

    lacking.promise.then(() => { response.writeHead(500).end('{"Message":"block was not found"}') }, () => {})
  })

  before(async () => {
    leaves = await Promise.all(['a', 'b', 'c'].map(leaf))
    root = await node(...leaves)
    kubo.listen(0, '127.0.0.1')
    await once(kubo, 'listening')
    const KUBO = `http://127.0.0.1:${(kubo.address() as AddressInfo).port}`
    worker = new Miniflare({ modules: true, script: await bundle('./worker.ts'), compatibilityDate: '2026-04-01', bindings: { KUBO } })
    url = await worker.ready
  })

  after(async () => {
    await worker?.dispose()
    kubo.close()
  })

  beforeEach(() => {
    held.clear();
    [root, ...leaves].forEach(block => held.set(`${block.cid}`, block))
    lacking = Promise.withResolvers()
  })

  const ask = async (query = `r=true&arg=${root.cid}`, method = 'POST', headers: Record<string, string> = {}): Promise<Response> => fetch(`${url.origin}/api/v0/refs?${query}`, { method, headers })

  ENCODINGS.forEach(encoding => {
    it(`list what the member has, for a client that takes ${encoding}`, async () => {
      const response = await ask(undefined, 'POST', { 'accept-encoding': encoding })
      const lines = (await response.text()).trim().split('\n').map(line => JSON.parse(line).Ref)

      expect([response.status, response.headers.get('access-control-allow-origin')]).to.deep.equal([200, '*'])
      expect(lines).to.deep.equal(leaves.map(({ cid }) => `${cid}`))
    })
  })

  it('are an error where the member lacks the root', async () => {
    held.delete(`${root.cid}`)
    lacking.resolve()
    expect((await ask()).status).to.equal(502)
  })

  /** An answer that has begun when the member turns out to lack a block, up to where its body ends or fails. */
  const late = async (encoding: string): Promise<{ readonly text: string, readonly error?: unknown }> => {
    held.delete(`${leaves[1].cid}`)
    const { status, body } = await ask(undefined, 'POST', { 'accept-encoding': encoding })
    expect(status).to.equal(200)
    const reader = (body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(new TextDecoderStream()).getReader()
    let text = ''

    try {
      for (;;) {
        const { done, value } = await reader.read()

        if (done) {
          return { text }
        }

        text += value
        lacking.resolve()
      }
    } catch (error) {
      return { text, error }
    }
  }

  it('cannot be read to an end that follows an error, by a client that takes gzip, such as every browser', async () => {
    expect((await late('gzip')).error).to.be.an('error')
  })

  it('report the error in the last line to any other client', async () => {
    const { text, error } = await late('identity')

    expect(error).to.equal(undefined)
    expect(JSON.parse(text.trim().split('\n').at(-1) ?? '')).to.deep.equal({ Ref: '', Err: 'the member answered 500: block was not found' })
  })

  it('are refused as on other platforms', async () => {
    expect((await ask('arg=x')).status).to.equal(400)
    expect((await ask('', 'OPTIONS')).status).to.equal(204)
  })
})
