import { expect } from 'aegir/chai'
import { httpStore, memoryStore, StoreUnavailableError } from '../../src/index.ts'
import { blockSourceLaws, faultStore, objectStoreLaws } from '../../src/testing/index.ts'
import { rawBlock, rawBlocks } from '../sources/cars.ts'
import { startFileServer } from '../stores/http-server.ts'
import { BROKEN_SOURCES, key, rightSource } from './broken-sources.ts'
import { BROKEN_HTTP_STORES, BROKEN_STORES } from './broken-stores.ts'
import type { BlockSource, Block, ObjectStore } from '../../src/index.ts'
import type { BlockSourceSubject, LawTest, ObjectStoreSubject } from '../../src/testing/index.ts'

const MAX_READ = 1024 * 1024

function storeSubject (make: (objects: Map<string, Uint8Array>, maxRead: number) => ObjectStore): ObjectStoreSubject {
  const objects = new Map<string, Uint8Array>()

  return {
    store: make(objects, MAX_READ),
    maxRead: MAX_READ,
    put (object, bytes) { objects.set(object, bytes) },
    remove (object) { objects.delete(object) }
  }
}

async function httpSubject (withFetch: (url: string, ...args: Parameters<NonNullable<ObjectStoreSubject['http']>['withFetch']>) => ObjectStore): Promise<ObjectStoreSubject> {
  const server = await startFileServer()

  return {
    store: httpStore({ url: server.url, maxRead: MAX_READ }),
    maxRead: MAX_READ,
    put (object, bytes) { server.files.set(object, bytes) },
    remove (object) { server.files.delete(object) },
    http: { fetch: async request => fetch(request), withFetch: (fetch, retry) => withFetch(server.url, fetch, retry) },
    stop: server.stop
  }
}

async function sourceSubject (make: (right: BlockSource, store: ObjectStore, has: readonly Block[]) => BlockSource): Promise<BlockSourceSubject> {
  const has = await rawBlocks(4, 100)
  const objects = new Map(has.map(({ cid, bytes }) => [key(cid), bytes]))
  const store = faultStore(memoryStore({ objects }))

  return {
    source: make(rightSource(store), store, has),
    has,
    missing: [(await rawBlock(Uint8Array.of(9))).cid],
    fail () {
      store.fault = () => ({ error: new StoreUnavailableError() })

      return () => { store.fault = () => undefined }
    },
    corrupt ({ cid }) { objects.set(key(cid), Uint8Array.of(1)) }
  }
}

async function broken (laws: LawTest[], id: string): Promise<void> {
  const law = laws.find(law => law.id === id)
  // some laws let errors of the subject through
  await expect(law?.check()).to.eventually.be.rejected()
}

describe('the laws', function () {
  this.timeout(20_000)

  for (const { law, what, make } of BROKEN_STORES) {
    it(`${law}: finds a store that ${what}`, async () => broken(objectStoreLaws(() => storeSubject(make)), law))
  }

  for (const { law, what, make } of BROKEN_HTTP_STORES) {
    it(`${law}: finds a store over HTTP that ${what}`, async () => broken(objectStoreLaws(async () => httpSubject(make), { http: true }), law))
  }

  for (const { law, what, make } of BROKEN_SOURCES) {
    it(`${law}: finds a source that ${what}`, async () => broken(blockSourceLaws(async () => sourceSubject(make)), law))
  }

  it('are all broken by one of these', () => {
    expect(new Set([...BROKEN_STORES, ...BROKEN_HTTP_STORES].map(({ law }) => law))).to.deep.equal(new Set(objectStoreLaws(() => expect.fail(), { http: true }).map(({ id }) => id)))
    expect(new Set(BROKEN_SOURCES.map(({ law }) => law))).to.deep.equal(new Set(blockSourceLaws(() => expect.fail()).map(({ id }) => id)))
  })

  it('are kept by correct stores and sources', async () => {
    const right = [
      ...objectStoreLaws(() => storeSubject((objects, maxRead) => memoryStore({ objects, maxRead }))),
      ...blockSourceLaws(async () => sourceSubject(source => source))
    ]

    for (const { check } of right) {
      await check()
    }
  })
})
