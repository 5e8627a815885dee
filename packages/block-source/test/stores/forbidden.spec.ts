import { expect } from 'aegir/chai'
import { httpStore, s3Store } from '../../src/index.ts'
import { trackBodies } from '../../src/testing/track-bodies.ts'
import type { Fetch, S3Store, S3StoreInit } from '../../src/index.ts'

/** A bucket that answers 403 for missing objects, as S3 does to a client that may not list the bucket. */
function bucketThatDenies (): { fetch: Fetch, open(): Promise<number>, requests(): number, revoke(): void } {
  const bodies = trackBodies()
  let requests = 0
  let revoked = false

  return {
    open: bodies.open,
    requests: () => requests,
    revoke () { revoked = true },
    async fetch (request) {
      requests++
      const present = new URL(request.url).pathname.includes('present')

      return bodies.track(present && !revoked
        ? new Response('x', { status: 206, headers: { 'content-range': 'bytes 0-0/1' } })
        : denial('AccessDenied'))
    }
  }
}

/** 403 with a body of 2 KiB, in small pieces. */
function denial (code: string): Response {
  const text = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`.padEnd(2048)
  let sent = 0

  return new Response(new ReadableStream<Uint8Array>({
    pull (controller) {
      controller.enqueue(new TextEncoder().encode(text.slice(sent, sent += 256)))

      if (sent >= text.length) {
        controller.close()
      }
    }
  }), { status: 403 })
}

function store (fetch: Fetch, init: Partial<S3StoreInit> = {}): S3Store {
  return s3Store({ bucket: 'b', endpoint: 'http://bucket.test', fetch, retry: false, ...init })
}

const refusal = (promise: Promise<unknown> | undefined): PromiseLike<void> => expect(promise).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')

describe('403 for missing objects', () => {
  it('is not absence by default, and leaves no body open', async () => {
    const { fetch, open, requests } = bucketThatDenies()
    const bucket = store(fetch)

    for (let i = 0; i < 1000; i++) {
      if (i % 10 === 0) {
        expect((await bucket.read(`present-${i}`, { length: 1 }))?.bytes).to.have.lengthOf(1)
      } else {
        await refusal(bucket.read(`absent-${i}`, { length: 1 }))
      }
    }

    expect(requests()).to.equal(1000)
    expect(await open()).to.equal(0)
  })

  it('is absence with the option, while an object that was readable still is', async () => {
    const { fetch, open, requests } = bucketThatDenies()
    const bucket = store(fetch, { forbiddenMeansAbsent: true })

    // nothing was readable yet
    await refusal(bucket.read('absent'))
    expect(await bucket.read('present', { length: 1 })).to.not.equal(undefined)
    const before = requests()
    expect(await bucket.read('absent')).to.equal(undefined)
    expect(await bucket.stat('absent')).to.equal(undefined)
    // each was checked
    expect(requests() - before).to.equal(4)
    expect(await open()).to.equal(0)
  })

  it('is no longer absence once no object is readable', async () => {
    const { fetch, revoke } = bucketThatDenies()
    const bucket = store(fetch, { forbiddenMeansAbsent: true, knownObject: 'present' })
    expect(await bucket.read('absent')).to.equal(undefined)
    revoke()
    await refusal(bucket.read('absent'))
    await refusal(bucket.read('present'))
    await refusal(bucket.stat('absent'))
  })

  it('is an error if the key, the clock or the signature is the cause', async () => {
    for (const code of ['SignatureDoesNotMatch', 'RequestTimeTooSkewed', 'InvalidAccessKeyId', '']) {
      const bucket = store(async request => request.url.includes('present') ? new Response('x') : denial(code), { forbiddenMeansAbsent: true, knownObject: 'present' })
      await refusal(bucket.read('absent'))
    }
  })

  it('is detected by a probe', async () => {
    expect(await store(bucketThatDenies().fetch).probeMissing()).to.equal('forbidden')
    expect(await store(async () => new Response('<Error><Code>NoSuchKey</Code></Error>', { status: 404 })).probeMissing()).to.equal('absent')
  })

  it('is the same for a web server', async () => {
    const fetch: Fetch = async request => new Response(request.method === 'HEAD' ? null : 'x', request.url.endsWith('present') ? { headers: { 'content-length': '1' } } : { status: 403 })
    await refusal(httpStore({ url: 'http://files.test', fetch }).read('absent'))
    expect(await httpStore({ url: 'http://files.test', fetch, forbiddenMeansAbsent: true, knownObject: 'present' }).read('absent')).to.equal(undefined)
  })
})

describe('s3 store', () => {
  it('distinguishes a missing bucket, a throttled request and a broken one', async () => {
    const answer = (status: number, code: string): S3Store => store(async () => new Response(`<Error><Code>${code}</Code></Error>`, { status }))

    expect(await answer(404, 'NoSuchKey').read('x')).to.equal(undefined)
    await refusal(answer(404, 'NoSuchBucket').read('x'))
    await refusal(answer(404, 'NoSuchUpload').stat('x'))
    await refusal(answer(400, 'InvalidArgument').read('x'))
    await expect(answer(400, 'RequestTimeout').read('x')).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
    await expect(answer(503, 'SlowDown').read('x')).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
  })

  it('accepts neither an empty page nor half a page as a listing', async () => {
    for (const page of ['', '<html></html>', '<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>x</Key>', '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>']) {
      const list = store(async () => new Response(page)).list('')[Symbol.asyncIterator]()
      await expect(list.next()).to.eventually.be.rejected.with.property('name').that.is.oneOf(['StoreRefusedError', 'TruncatedError'])
    }
  })

  it('reads names as XML or as URLs', async () => {
    const page = (type: string, key: string): string => `<?xml version="1.0"?><ListBucketResult>${type}<IsTruncated>false</IsTruncated><Contents><Key>${key}</Key></Contents></ListBucketResult>`

    for (const [type, key] of [['', 'a &amp; b/&#252;'], ['<EncodingType>url</EncodingType>', 'a+%26+b/%C3%BC']]) {
      const list = store(async () => new Response(page(type, key))).list('a')[Symbol.asyncIterator]()
      expect(await list.next()).to.deep.equal({ done: false, value: 'a & b/ü' })
    }
  })

  it('refuses invalid options', () => {
    for (const init of [{ bucket: 'a/b' }, { bucket: '' }, { endpoint: 'ftp://x' }, { endpoint: 'x' }, { endpoint: 'http://x?y' }, { maxRead: 0 }, { idleTimeout: 0 }, { retry: { retries: -1 } }, { retry: { retries: 0.5 } }]) {
      expect(() => s3Store({ bucket: 'b', ...init }), JSON.stringify(init)).to.throw().with.property('name', 'InvalidOptionError')
    }
  })
})

describe('a server that hangs', () => {
  it('is abandoned after the idle timeout, whether it sent nothing or stopped half-way', async () => {
    const hanging: Fetch = async request => new Promise((resolve, reject) => { request.signal.addEventListener('abort', () => { reject(request.signal.reason) }) })
    await expect(store(hanging, { idleTimeout: 5 }).read('x')).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')

    const bodies = trackBodies()
    const stopping: Fetch = async () => bodies.track(new Response(new ReadableStream({ start (controller) { controller.enqueue(new Uint8Array(5)) } })))
    await expect(store(stopping, { idleTimeout: 5 }).read('x')).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
    expect(await bodies.open()).to.equal(0)
  })
})
