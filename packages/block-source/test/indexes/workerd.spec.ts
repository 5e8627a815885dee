import { expect } from 'aegir/chai'
import { Miniflare } from 'miniflare'
import { blockIndexLaws } from '../../src/testing/index.ts'
import { bundleWorker } from '../workerd/miniflare.ts'

describe('indexes, in workerd over R2', function () {
  this.timeout(60_000)

  let worker: Miniflare

  before(async () => {
    worker = new Miniflare({
      modules: true,
      script: await bundleWorker('../indexes/index-worker.ts'),
      compatibilityDate: '2026-04-01',
      r2Buckets: ['BUCKET']
    })
    await worker.ready
  })

  after(async () => {
    await worker?.dispose()
  })

  async function get (path: string, query: Record<string, string> = {}): Promise<unknown> {
    return (await worker.dispatchFetch(`http://worker${path}?${new URLSearchParams(query)}`)).json()
  }

  for (const index of ['scan', 'inside', 'beside', 'remote']) {
    const laws = blockIndexLaws(() => expect.fail())

    it(`${index}: keeps the laws`, async () => {
      for (const { id } of laws) {
        expect(await get('/law', { index, law: id })).to.deep.equal({ laws: laws.map(({ id }) => id) })
      }
    })

    it(`${index}: serves many requests at a time, and none waits for a read of a request that has ended`, async () => {
      await get('/put')
      const [, ...found] = await Promise.all(Array.from({ length: 20 }, async (_, i) => get(i === 0 ? '/leave' : '/lookup', { index })))

      expect(found).to.deep.equal(found.map(() => ({ found: 100 })))
    })
  }
})
