import { carSource, createMapWriter, mapIndex, memoryStore, s3MapStore, s3Store } from '@kitsune/block-source'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { needVersitygw } from '../../src/needs.ts'
import { startVersitygw } from '../../src/versitygw.ts'
import type { Versitygw } from '../../src/versitygw.ts'
import type { CarToAdd, Fetch, S3StoreInit, UploadFrom } from '@kitsune/block-source'

const BUCKET = 'kitsune-tests'
const MiB = 1 << 20

/** Bytes that differ from one MiB to the next. */
function bytesOf (length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => (i >> 20) + (i % 251))
}

/** A CAR of one block, as it is added to a map. */
function oneBlock (name: string, multihash: Uint8Array, length: number): CarToAdd {
  return { name, async * blocks () { yield [{ multihash, blockOffset: 0, blockLength: length }] } }
}

describe('writing to S3, with versitygw', function () {
  this.timeout(60_000)

  let server: Versitygw

  before(async function () {
    server = await startVersitygw(needVersitygw(this, 'writing to S3'), [BUCKET])
  })

  after(async () => {
    await server?.stop()
  })

  const options = (fetch?: Fetch): S3StoreInit => ({ bucket: BUCKET, endpoint: server.endpoint, credentials: server.credentials, ...(fetch == null ? {} : { fetch }) })

  it('writes only where the condition holds', async () => {
    const store = s3MapStore(options())
    await store.put('a b/ü', Uint8Array.of(1), { ifAbsent: true })
    await expect(store.put('a b/ü', Uint8Array.of(2), { ifAbsent: true })).to.eventually.be.rejected.with.property('name', 'ObjectChangedError')
    const first = await store.read('a b/ü')
    await store.put('a b/ü', Uint8Array.of(3), { ifMatch: first?.etag })
    await expect(store.put('a b/ü', Uint8Array.of(4), { ifMatch: first?.etag })).to.eventually.be.rejected.with.property('name', 'ObjectChangedError')
    expect((await store.read('a b/ü'))?.bytes).to.deep.equal(Uint8Array.of(3))

    await store.remove('a b/ü')
    await store.remove('a b/ü')
    expect(await store.read('a b/ü')).to.equal(undefined)
    await expect(store.put('a b/ü', Uint8Array.of(5), { ifMatch: first?.etag })).to.eventually.be.rejected.with.property('name', 'ObjectChangedError')
    await store.put('empty', new Uint8Array())
    expect(await store.stat('empty')).to.have.property('size', 0)
  })

  it('removes its probe, and refuses a server that does not check conditions', async () => {
    const store = s3MapStore(options(async request => {
      const headers = new Headers(request.headers)
      // a server that ignores it would not have it signed either
      const ignored = headers.has('if-match')

      return ignored ? new Response(null) : fetch(request)
    }))
    await expect(store.put('x', new Uint8Array(), { ifAbsent: true })).to.eventually.be.rejectedWith('does not check If-Match')
      .with.property('name', 'StoreRefusedError')
    const left: string[] = []

    for await (const name of store.list('kitsune-probe-')) {
      left.push(name)
    }

    expect(left).to.deep.equal([])
    expect(await store.stat('x')).to.equal(undefined)
  })

  it('keeps a map correct while writers add to it at the same time', async function () {
    const atomic = await startVersitygw(needVersitygw(this, 'writers at the same time'), [BUCKET], { metadata: 'attributes' })

    try {
      await addAtTheSameTime({ bucket: BUCKET, endpoint: atomic.endpoint, credentials: atomic.credentials })
    } finally {
      await atomic.stop()
    }
  })

  async function addAtTheSameTime (options: S3StoreInit): Promise<void> {
    const blocks = await Promise.all(Array.from({ length: 12 }, async (_, i) => ({ bytes: Uint8Array.of(i), hash: await sha256.digest(Uint8Array.of(i)) })))

    await Promise.all(Array.from({ length: 3 }, async (_, w) => {
      const writer = createMapWriter(s3MapStore(options), { prefix: 'shared/', maxShards: 4, attempts: 100 })

      for (const [i, { hash, bytes }] of blocks.slice(4 * w, 4 * w + 4).entries()) {
        await s3MapStore(options).put(`block-${4 * w + i}`, bytes)
        await writer.add([oneBlock(`block-${4 * w + i}`, hash.bytes, bytes.byteLength)])
      }
    }))

    const store = s3Store(options)
    const source = carSource({ store, index: mapIndex(store, { prefix: 'shared/', complete: true }) })

    for (const { bytes, hash } of blocks) {
      expect(await source.get(CID.createV1(0x55, hash))).to.deep.equal(bytes)
    }
  }

  it('uploads in parts, and does not send finished parts of an interrupted upload again', async () => {
    const bytes = bytesOf(20 * MiB + 5)
    const from: UploadFrom = { store: memoryStore({ objects: new Map([['x', bytes]]) }), object: 'x', size: bytes.byteLength }
    const controller = new AbortController()
    const sent: string[] = []

    const watched: Fetch = async request => {
      const part = new URL(request.url).searchParams.get('partNumber')
      const response = await fetch(request)

      if (part != null && sent.push(part) === 2) {
        controller.abort(new Error('interrupted'))
      }

      return response
    }

    await expect(s3MapStore(options(watched)).upload('large', from, { signal: controller.signal })).to.eventually.be.rejectedWith('interrupted')
    const store = s3MapStore(options(watched))
    expect(await store.stat('large')).to.equal(undefined)
    const written: number[] = []
    await store.upload('large', from, { progress: bytes => { written.push(bytes) } })
    expect(written.at(-1)).to.equal(bytes.byteLength)
    // three of them: at most one was still on its way when the first upload ended
    expect(sent.length).to.be.at.most(4)

    for (let offset = 0; offset < bytes.byteLength; offset += 4 * MiB) {
      expect(Buffer.compare((await store.read('large', { offset, length: 4 * MiB }))?.bytes ?? new Uint8Array(), bytes.subarray(offset, offset + 4 * MiB))).to.equal(0)
    }
  })

  it('accepts an upload that another writer has completed', async () => {
    const bytes = bytesOf(9 * MiB)
    const from: UploadFrom = { store: memoryStore({ objects: new Map([['x', bytes]]) }), object: 'x', size: bytes.byteLength }
    let first = true

    const overtaken: Fetch = async request => {
      if (first && new URL(request.url).searchParams.has('partNumber')) {
        first = false
        await s3MapStore(options()).upload('twice', from)
      }

      return fetch(request)
    }

    await s3MapStore(options(overtaken)).upload('twice', from)
    expect(await s3Store(options()).stat('twice')).to.have.property('size', bytes.byteLength)
  })
})
