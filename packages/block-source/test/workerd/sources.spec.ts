import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { expect } from 'aegir/chai'
import { Miniflare } from 'miniflare'
import { blockSourceLaws } from '../../src/testing/index.ts'
import { bundleWorker } from './miniflare.ts'

describe('sources, in workerd', function () {
  this.timeout(60_000)

  let worker: Miniflare

  before(async () => {
    worker = new Miniflare({ modules: true, script: await bundleWorker('./sources-worker.ts'), compatibilityDate: '2026-04-01', r2Buckets: ['BUCKET'] })
    await worker.ready
  })

  after(async () => {
    await worker?.dispose()
  })

  async function check (around: string, law: string): Promise<unknown> {
    return (await worker.dispatchFetch(`http://worker/?${new URLSearchParams({ around, law })}`)).json()
  }

  for (const around of ['as it is', 'combined']) {
    describe(`a CAR in R2, ${around}`, () => {
      const laws = blockSourceLaws(() => expect.fail())

      for (const { id, title } of laws) {
        it(`${id}: ${title}`, async () => {
          expect(await check(around, id)).to.deep.equal({ laws: laws.map(({ id }) => id) })
        })
      }
    })
  }
})

describe('the bundle of a Worker', () => {
  it('with CARs in S3 takes what the README says, compressed, and less than 60 kB', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
    const said = 1_000 * Number(/takes (\d+) kB, minified and compressed/.exec(readme)?.[1])
    const script = await bundleWorker('./s3-worker.ts', { minify: true })
    expect(gzipSync(script).byteLength).to.be.within(said - 2_000, said)
    expect(said).to.be.below(60_000)
  })
})
