import { expect } from 'aegir/chai'
import { indexService, memoryStore, remoteIndex, scanIndex, StoreUnavailableError } from '../../src/index.ts'
import { encodeMultihash } from '../../src/indexes/remote-format.ts'
import { blockIndexTests } from '../../src/testing/index.ts'
import { block, blocks, carV1 } from '../fixtures/cars.ts'
import { startServer } from './service-server.ts'
import type { BlockIndex, Fetch, Location, SourceOptions } from '../../src/index.ts'

blockIndexTests(async wrap => {
  const all = [...await blocks(120, 300), await block('')]
  const store = memoryStore({ objects: new Map([['a.car', carV1(all)]]) })
  const server = await startServer(indexService({ index: scanIndex(wrap(store), 'a.car') }))

  return { blocks: all, store, index: remoteIndex({ url: server.url, complete: true, retry: false }), stop: server.stop }
}, { name: 'laws of an index: a remote one' })

const LOCATION: Location = { object: 'a.car', offset: 5, length: 7, at: 'block', etag: '"x"' }

/** An index that gives the same answer for every block. */
function constant (located: Location[] | Error, complete = true): BlockIndex & { readonly asked: Array<{ readonly count: number, readonly session?: string }> } {
  const asked: Array<{ readonly count: number, readonly session?: string }> = []

  return {
    complete,
    asked,
    async locate (multihashes: readonly Uint8Array[], { session }: SourceOptions = {}) {
      asked.push({ count: multihashes.length, session })

      return multihashes.map(() => located)
    }
  }
}

describe('an index service', () => {
  async function get (index: BlockIndex, init = {}): Promise<Response> {
    return indexService({ index, ...init })(new Request(`http://index/${encodeMultihash((await block('a')).multihash)}`))
  }

  it('lets caches keep locations for a while, and no misses', async () => {
    expect((await get(constant([LOCATION]))).headers.get('cache-control')).to.equal('public, max-age=60')
    expect((await get(constant([]))).headers.get('cache-control')).to.equal('no-store')
    expect((await get(constant([LOCATION]), { maxAge: 999 })).headers.get('cache-control')).to.equal('no-store')
    expect((await get(constant([]), { maxMissAge: 3_600_000 })).headers.get('cache-control')).to.equal('public, max-age=3600')
  })

  it('answers a miss with an empty list, and never with 404', async () => {
    const response = await get(constant([], false))
    expect(response.status).to.equal(200)
    expect(await response.json()).to.deep.equal({ complete: false, results: [{ locations: [] }] })
  })

  it('answers a failure with 503, which caches do not keep', async () => {
    const throwing: BlockIndex = { complete: true, locate: async () => { throw new StoreUnavailableError('out of order') } }

    for (const index of [constant(new Error('out of order')), throwing]) {
      const response = await get(index)
      expect(response.status).to.equal(503)
      expect(response.headers.get('cache-control')).to.equal('no-store')
      expect(await response.text()).to.include('out of order')
    }
  })

  it('refuses malformed requests', async () => {
    const service = indexService({ index: constant([]), maxBatch: 2 })
    const multihash = encodeMultihash((await block('a')).multihash) ?? ''
    const post = (body: string): Request => new Request('http://index', { method: 'POST', body })
    const cases: Array<readonly [request: Request, status: number]> = [
      [new Request('http://index/'), 400],
      [new Request('http://index/u!'), 400],
      [new Request(`http://index/${'u'.repeat(10_000)}`), 400],
      [new Request(`http://index/${multihash.slice(0, -2)}`), 400],
      [post('{'), 400],
      [post('[]'), 400],
      [post('{"multihashes": 1}'), 400],
      [post('{"multihashes": [1]}'), 400],
      [post('{"multihashes": [], "session": 1}'), 400],
      [post(JSON.stringify({ multihashes: [multihash, multihash, multihash] })), 413],
      [post(' '.repeat(600_000)), 413],
      [new Request('http://index', { method: 'DELETE' }), 405]
    ]

    for (const [request, status] of cases) {
      const what = `${request.method} ${request.url.slice(0, 100)}`
      expect((await service(request)).status, what).to.equal(status)
    }
  })
})

describe('a remote index', () => {
  const NO_RETRY = { url: 'http://index/x', retry: false } as const
  const hashes = async (count: number): Promise<Uint8Array[]> => (await blocks(count)).map(({ multihash }) => multihash)

  it('asks for one with a request that can be cached, and for many in batches', async () => {
    const index = constant([LOCATION])
    const methods: string[] = []
    const service = indexService({ index })

    const fetch: Fetch = async request => {
      methods.push(request.method)

      return service(request)
    }

    const remote = remoteIndex({ ...NO_RETRY, fetch, maxBatch: 10 })
    expect(await remote.locate(await hashes(1))).to.deep.equal([[LOCATION]])
    expect(await remote.locate(await hashes(25))).to.deep.equal(Array.from({ length: 25 }, () => [LOCATION]))
    await remote.locate(await hashes(1), { session: 'a client' })

    expect(methods).to.deep.equal(['GET', 'POST', 'POST', 'POST', 'POST'])
    expect(index.asked.map(({ count }) => count)).to.deep.equal([1, 10, 10, 5, 1])
    expect(index.asked.at(-1)?.session).to.equal('a client')
  })

  it('does not treat a miss as certain if the service does not', async () => {
    const fetch = indexService({ index: constant([], false) })
    expect(await remoteIndex({ ...NO_RETRY, fetch }).locate(await hashes(2))).to.deep.equal([[], []])
    await expect(remoteIndex({ ...NO_RETRY, fetch, complete: true }).locate(await hashes(2))).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')
  })

  it('fails for the blocks whose lookup failed, and for no others', async () => {
    const index: BlockIndex = { complete: true, locate: async multihashes => multihashes.map((_, i) => i === 1 ? new Error('unreadable') : [LOCATION]) }
    const [first, second, third] = await remoteIndex({ ...NO_RETRY, fetch: indexService({ index }) }).locate(await hashes(3))
    expect([first, third]).to.deep.equal([[LOCATION], [LOCATION]])
    expect(second).to.be.an('error').with.property('message').that.includes('unreadable')
  })

  it('sends credentials, and shows them in no error', async () => {
    const headers: Array<string | null> = []

    const fetch: Fetch = async request => {
      headers.push(request.headers.get('authorization'))

      return new Response('no', { status: 401 })
    }

    const remote = remoteIndex({ ...NO_RETRY, url: 'http://user:secret@index/x', fetch })
    const error = await remote.locate(await hashes(1)).catch((err: Error) => err)
    expect(String(error)).to.include('status 401').and.not.include('secret')
    await expect(remote.locate(await hashes(2))).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')
    expect(headers).to.deep.equal([`Basic ${btoa('user:secret')}`, `Basic ${btoa('user:secret')}`])
  })

  it('fails on malformed answers, which never look like a miss', async () => {
    const location = { object: 'a', offset: 1, at: 'block' }
    const bodies = [
      '', '{', 'null', '[]', '{"complete":true}', '{"complete":true,"results":[]}', '{"complete":1,"results":[{"locations":[]}]}',
      '{"complete":true,"results":[null]}', '{"complete":true,"results":[{}]}', '{"complete":true,"results":[[]]}',
      ...[
        { ...location, offset: -1 }, { ...location, offset: 1.5 }, { ...location, offset: 2 ** 60 }, { ...location, at: 'file' },
        { ...location, object: 1 }, { ...location, length: '1' }, { ...location, limit: -1 }, { ...location, etag: 1 }, null
      ].map(location => JSON.stringify({ complete: true, results: [{ locations: [location] }] }))
    ]

    for (const body of bodies) {
      await expect(remoteIndex({ ...NO_RETRY, fetch: async () => new Response(body) }).locate(await hashes(1)), body)
        .to.eventually.be.rejected.with.property('name', 'StoreRefusedError')
    }

    // answers of a proxy in between
    for (const status of [404, 410, 302, 502]) {
      await expect(remoteIndex({ ...NO_RETRY, fetch: async () => new Response('', { status }) }).locate(await hashes(1))).to.eventually.be.rejected()
    }
  })
})
