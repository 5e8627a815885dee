import { expect } from 'aegir/chai'
import { createBudget, r2Store } from '../../src/index.ts'
import { testBytes } from '../../src/testing/test-bytes.ts'
import type { R2BucketLike, R2ObjectLike } from '../../src/index.ts'

/** A bucket with one object, `x`, that calls `fault` before each operation. */
function fakeBucket (fault: (operation: 'get' | 'head' | 'list', index: number) => void | Promise<void>): { bucket: R2BucketLike, bytes: Uint8Array, bodies(): number } {
  const bytes = testBytes(1000)
  let index = 0
  let open = 0

  function objectOf (body: Uint8Array<ArrayBuffer> | undefined): R2ObjectLike {
    if (body == null) {
      return { size: bytes.byteLength, etag: 'v1' }
    }

    open++

    return {
      size: bytes.byteLength,
      etag: 'v1',
      body: new ReadableStream<Uint8Array>({
        start (controller) { controller.enqueue(body) },
        pull (controller) { open--; controller.close() },
        cancel () { open-- }
      }, { highWaterMark: 0 })
    }
  }

  return {
    bytes,
    bodies: () => open,
    bucket: {
      async get (key, { range: { offset = 0, length } = { offset: 0 } }) {
        await fault('get', index++)

        return key === 'x' ? objectOf(bytes.slice(offset, length == null ? undefined : offset + length)) : null
      },
      async head (key) {
        await fault('head', index++)

        return key === 'x' ? objectOf(undefined) : null
      },
      async list ({ cursor }) {
        await fault('list', index++)

        return { objects: [{ key: `x${cursor ?? ''}` }], truncated: true }
      }
    }
  }
}

const retry = { retries: 2, minDelay: 0, wait: async () => {} }

describe('r2 store', () => {
  it('retries failures', async () => {
    const { bucket, bytes } = fakeBucket((_, index) => { if (index === 0) { throw new Error('get: We encountered an internal error. Please try again. (10001)') } })
    expect((await r2Store({ bucket, retry }).read('x'))?.bytes).to.deep.equal(bytes)
  })

  it('never treats a failure as absence', async () => {
    for (const object of ['x', 'y']) {
      const { bucket } = fakeBucket(() => { throw new Error('get: Unspecified error (0)') })
      await expect(r2Store({ bucket, retry }).read(object, { offset: 5, length: 5 })).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
      await expect(r2Store({ bucket, retry }).stat(object)).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
    }
  })

  it('finds out whether a failed read had a range beyond the end', async () => {
    const { bucket } = fakeBucket(operation => { if (operation === 'get') { throw new Error('get: Unspecified error (0)') } })
    await expect(r2Store({ bucket, retry }).read('x', { offset: 1000, length: 1 })).to.eventually.be.rejected.with.property('name', 'OutOfRangeError')
    await expect(r2Store({ bucket, retry }).read('x', { offset: 999, length: 1 })).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
    expect(await r2Store({ bucket, retry }).read('y', { offset: 999, length: 1 })).to.equal(undefined)
  })

  it('does not wait for an aborted operation, and cancels the body that it returns later', async () => {
    let finish = (): void => {}
    const { bucket, bodies } = fakeBucket(async () => new Promise(resolve => { finish = resolve }))
    const controller = new AbortController()
    const reading = r2Store({ bucket, retry }).read('x', { signal: controller.signal })
    const reason = new Error('no longer wanted')
    controller.abort(reason)
    await expect(reading).to.eventually.be.rejected.and.equal(reason)
    finish()
    await new Promise(resolve => setTimeout(resolve, 0))
    expect(bodies()).to.equal(0)
  })

  it('reports a body that ends too soon as truncated', async () => {
    const { bucket } = fakeBucket(() => {})
    const short: R2BucketLike = { ...bucket, get: async (key, options) => bucket.get(key, { ...options, range: { offset: 0, length: 10 } }) }
    await expect(r2Store({ bucket: short, retry }).read('x')).to.eventually.be.rejected.with.property('name', 'TruncatedError')
  })

  describe('with bodies that are streams of bytes, as in workerd', () => {
    const bytes = testBytes(1000)
    let requests: boolean[]
    let cancelled: boolean

    /** Sends ten bytes at a time, up to an end. */
    function bucketOf (end: number, pulled?: () => void): R2BucketLike {
      let sent = 0
      requests = []
      cancelled = false

      return {
        ...fakeBucket(() => {}).bucket,
        get: async () => ({
          size: bytes.byteLength,
          etag: 'v1',
          body: new ReadableStream({
            type: 'bytes',
            pull (controller) {
              requests.push(controller.byobRequest != null)
              controller.enqueue(bytes.slice(sent, sent += 10))
              pulled?.()

              if (sent >= end) {
                controller.close()
                controller.byobRequest?.respond(0)
              }
            },
            cancel () { cancelled = true }
          }, { highWaterMark: 0 })
        })
      }
    }

    it('reads into its own buffer', async () => {
      const part = await r2Store({ bucket: bucketOf(Infinity), retry }).read('x', { offset: 0, length: 995 })
      expect(part?.bytes).to.deep.equal(bytes.slice(0, 995))
      expect(requests).to.have.lengthOf(100).and.not.include(false)
      expect(cancelled).to.equal(true)
    })

    it('reports one that ends too soon as truncated', async () => {
      await expect(r2Store({ bucket: bucketOf(500), retry: false }).read('x')).to.eventually.be.rejected.with.property('name', 'TruncatedError')
    })

    it('cancels one whose read is aborted', async () => {
      const controller = new AbortController()
      const reason = new Error('no longer wanted')
      const bucket = bucketOf(Infinity, () => { controller.abort(reason) })
      await expect(r2Store({ bucket, retry }).read('x', { signal: controller.signal })).to.eventually.be.rejected.and.equal(reason)
      expect(cancelled).to.equal(true)
      expect(requests).to.have.lengthOf(1)
    })
  })

  it('reads no more than the budget allows, including retries', async () => {
    const { bucket } = fakeBucket(() => { throw new Error('get: Unspecified error (0)') })
    const budget = createBudget({ limit: 3, reserve: 1 })
    await expect(r2Store({ bucket, retry, budget }).read('x')).to.eventually.be.rejected.with.property('name', 'BudgetExceededError')
    expect(budget.spent.read).to.equal(2)
    expect(budget.left).to.equal(0)
    budget.release()
    expect(budget.left).to.equal(1)
  })

  it('does not treat an incomplete list as complete', async () => {
    const { bucket } = fakeBucket(() => {})
    const list = r2Store({ bucket, retry }).list?.('')[Symbol.asyncIterator]()
    expect(await list?.next()).to.deep.equal({ done: false, value: 'x' })
    await expect(list?.next()).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
  })
})
