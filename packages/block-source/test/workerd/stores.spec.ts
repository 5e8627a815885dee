import { expect } from 'aegir/chai'
import { Miniflare, Response } from 'miniflare'
import { objectStoreLaws } from '../../src/testing/index.ts'
import { startFileServer } from '../stores/http-server.ts'
import { bundleWorker } from './miniflare.ts'
import type { FileServer } from '../stores/http-server.ts'
import type { Request } from 'miniflare'

describe('stores, in workerd', function () {
  this.timeout(60_000)

  let worker: Miniflare
  let files: FileServer

  before(async () => {
    files = await startFileServer()
    worker = new Miniflare({
      modules: true,
      script: await bundleWorker('./laws-worker.ts'),
      compatibilityDate: '2026-04-01',
      r2Buckets: ['BUCKET'],
      bindings: { FILES: files.url },
      serviceBindings: {
        async UPLOAD (request: Request) {
          const object = new URL(request.url).searchParams.get('object') ?? ''

          if (request.method === 'PUT') {
            files.files.set(object, new Uint8Array(await request.arrayBuffer()))
          } else {
            files.files.delete(object)
          }

          return new Response()
        }
      }
    })
    await worker.ready
  })

  after(async () => {
    await worker?.dispose()
    await files?.stop()
  })

  async function check (store: string, law: string): Promise<unknown> {
    return (await worker.dispatchFetch(`http://worker/?${new URLSearchParams({ store, law })}`)).json()
  }

  for (const store of ['r2', 'memory', 'http']) {
    describe(`${store} store`, () => {
      const laws = objectStoreLaws(() => expect.fail(), { http: store === 'http', list: store !== 'http' })

      for (const { id, title } of laws) {
        it(`${id}: ${title}`, async () => {
          expect(await check(store, id)).to.deep.equal({ laws: laws.map(({ id }) => id) })
        })
      }
    })
  }
})
