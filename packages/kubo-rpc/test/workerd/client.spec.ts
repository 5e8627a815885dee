import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { build } from 'esbuild'
import { Miniflare, Response } from 'miniflare'

describe('the RPC of kubo, in workerd', function () {
  this.timeout(60_000)

  let worker: Miniflare
  let respond: () => Response
  const asked: string[] = []

  before(async () => {
    const { outputFiles: [{ text }] } = await build({
      entryPoints: [fileURLToPath(new URL('./rpc-worker.ts', import.meta.url))],
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      target: 'es2024',
      write: false,
      logLevel: 'silent'
    })
    worker = new Miniflare({
      modules: true,
      script: text,
      compatibilityDate: '2026-04-01',
      outboundService: (request: Request) => {
        asked.push(`${request.method} ${request.url} ${request.headers.get('authorization')}`)

        return respond()
      }
    })
    await worker.ready
  })

  after(async () => {
    await worker?.dispose()
  })

  beforeEach(() => {
    asked.length = 0
  })

  it('answers', async () => {
    respond = () => Response.json({ ID: 'x' })

    expect(await (await worker.dispatchFetch('http://worker/')).json()).to.deep.equal({ ID: 'x' })
    expect(asked).to.deep.equal([`POST http://node.test:5001/api/v0/id Basic ${btoa('me:secret')}`])
  })

  it('refuses a redirect, and makes no request to its target', async () => {
    respond = () => new Response(null, { status: 302, headers: { location: 'http://elsewhere.test/' } })

    expect(await (await worker.dispatchFetch('http://worker/')).text()).to.equal('KuboRpcError: it redirects, which is refused: credentials go only to the address that is configured')
    expect(asked).to.have.lengthOf(1)
  })
})
