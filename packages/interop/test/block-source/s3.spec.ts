import { carSource, s3Store, scanIndex } from '@kitsune/block-source'
import { faultStore, objectStoreTests } from '@kitsune/block-source/testing'
import { expect } from 'aegir/chai'
import { AwsClient } from 'aws4fetch'
import { CID } from 'multiformats/cid'
import { createDag, leafCids } from '../../src/dag.ts'
import { startKubo } from '../../src/kubo.ts'
import { needKubo, needVersitygw } from '../../src/needs.ts'
import { startVersitygw } from '../../src/versitygw.ts'
import { virtualHostFetch } from './virtual-host-fetch.ts'
import type { Versitygw } from '../../src/versitygw.ts'
import type { S3StoreInit } from '@kitsune/block-source'

const BUCKET = 'kitsune-tests'

describe('S3 stores, with versitygw', function () {
  this.timeout(60_000)

  let server: Versitygw

  before(async function () {
    server = await startVersitygw(needVersitygw(this, 'S3 stores, with versitygw'), [BUCKET])
  })

  after(async () => {
    await server?.stop()
  })

  const options = (): S3StoreInit => ({ bucket: BUCKET, endpoint: server.endpoint, credentials: server.credentials })

  function path (object: string): string {
    return `${server.endpoint}/${BUCKET}/${encodeURIComponent(object).replaceAll('%2F', '/').replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)}`
  }

  async function send (method: string, url: string, body?: Uint8Array<ArrayBuffer>): Promise<void> {
    const request = await new AwsClient({ ...server.credentials, service: 's3', region: 'us-east-1' }).sign(url, { method, body })
    const response = await fetch(request)

    if (!response.ok) {
      throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`)
    }

    await response.arrayBuffer()
  }

  const put = async (object: string, bytes: Uint8Array): Promise<void> => send('PUT', path(object), new Uint8Array(bytes))
  const remove = async (object: string): Promise<void> => send('DELETE', path(object))
  const maxRead = 1024 * 1024

  objectStoreTests(() => ({
    store: s3Store({ ...options(), maxRead }),
    maxRead,
    put,
    remove,
    http: {
      fetch: async request => fetch(request),
      withFetch: (fetch, retry) => s3Store({ ...options(), fetch, retry })
    }
  }), { name: 'in path style', http: true })

  objectStoreTests(() => {
    const endpoint = `http://${server.domain}:${server.port}`

    return {
      store: s3Store({ ...options(), endpoint, addressing: 'virtual-host', fetch: virtualHostFetch(server.port), maxRead }),
      maxRead,
      put,
      remove,
      http: {
        fetch: virtualHostFetch(server.port),
        withFetch: (fetch, retry) => s3Store({ ...options(), endpoint, addressing: 'virtual-host', fetch, retry })
      }
    }
  }, { name: 'in virtual-host style', http: true })

  it('reports a refusal for a bucket that does not exist, not that its objects are absent', async () => {
    const store = s3Store({ ...options(), bucket: 'no-such-bucket' })
    await expect(store.read('x')).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')
    await expect(store.stat('x')).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')
    await expect(store.list('')[Symbol.asyncIterator]().next()).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')
  })

  it('reports a refusal of wrong credentials', async () => {
    await put('present', new Uint8Array(10))

    for (const credentials of [{ ...server.credentials, secretAccessKey: 'wrong' }, { ...server.credentials, accessKeyId: 'nobody' }, undefined]) {
      const store = s3Store({ ...options(), credentials, forbiddenMeansAbsent: true })
      await expect(store.read('present')).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')
      await expect(store.stat('absent')).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')
    }
  })

  it('serves the blocks of a CAR that kubo has written, all at once with few reads', async function () {
    const binary = needKubo(this, 'a CAR of kubo in S3')
    const dag = await createDag(binary, { size: 8 << 20, blockSize: 1 << 18 })
    const kubo = await startKubo(binary, { dag })
    const car = new Uint8Array(await (await kubo.call('dag/export', [dag.root], { progress: 'false' })).arrayBuffer())
    await kubo.stop()
    await put('x.car', car)

    const store = faultStore(s3Store(options()))
    const source = carSource({ store, index: scanIndex(store, 'x.car') })
    const cids = [CID.parse(dag.root), ...await leafCids({ size: dag.size, blockSize: dag.blockSize })]
    // the scan reads the CAR once
    await source.get(cids[cids.length - 1])
    store.calls.length = 0
    let got = 0

    for await (const { bytes } of source.getMany?.(cids.toReversed()) ?? []) {
      got += Number(bytes != null)
    }

    expect(got).to.equal(33)
    expect(store.calls.length).to.be.at.most(0.15 * 33)
  })

  it('reports that this bucket distinguishes missing objects', async () => {
    expect(await s3Store(options()).probeMissing()).to.equal('absent')
  })

  it('asks for credentials before each request', async () => {
    await put('present', new Uint8Array(10))
    let asked = 0
    const store = s3Store({
      ...options(),
      credentials: async () => {
        asked++

        return server.credentials
      }
    })
    await store.stat('present')
    await store.read('present')
    expect(asked).to.equal(2)
  })
})
