import { expect, expectAborted, expectBytes, expectRejection } from './expect.ts'
import { testBytes } from './test-bytes.ts'
import { trackBodies } from './track-bodies.ts'
import type { ObjectStoreLawRule } from './object-store-laws.ts'
import type { ObjectStoreSubject } from './subjects.ts'
import type { ObjectStore } from '../object-store.ts'
import type { Fetch } from '@kitsune/kubo-rpc'

/** Answers instead of the server; undefined: the server answers. `index` counts requests from 0. */
type Fault = (request: Request, index: number, fetch: Fetch) => Response | undefined | Promise<Response | undefined>

interface FaultyStore {
  readonly store: ObjectStore
  /** The object that each law reads. */
  readonly object: string
  readonly bytes: Uint8Array
  readonly requests: readonly Request[]
  /** The delays before each further attempt, in ms. */
  readonly waits: readonly number[]
  /** How many bytes of bodies were read. */
  received (): number
}

/** Writes an object of `size` bytes, and calls `check` with a store whose requests meet the fault. */
async function withFault ({ http, put }: ObjectStoreSubject, fault: Fault, check: (setup: FaultyStore) => Promise<void>, size = 10_000): Promise<void> {
  expect(http != null, 'the subject has no http; give it one, or a reason why the law does not apply')
  const object = `laws/http-${size}`
  const bytes = testBytes(size, 9)
  const requests: Request[] = []
  const waits: number[] = []
  const bodies = trackBodies()

  await put(object, bytes)
  const store = http.withFetch(async request => {
    requests.push(request)

    return bodies.track(await fault(request, requests.length - 1, http.fetch) ?? await http.fetch(request))
  }, { retries: 3, async wait (ms) { waits.push(ms) } })

  await check({ store, object, bytes, requests, waits, received: bodies.received })
  expect(await bodies.open() === 0, `${await bodies.open()} bodies were neither read nor cancelled`)
}

function text (status: number, headers: Record<string, string> = {}): Response {
  return new Response('<Error><Code>Whatever</Code></Error>'.padEnd(2048), { status, headers })
}

const retries: ObjectStoreLawRule = {
  title: 'temporary failures are retried, after growing delays',
  async check (subject) {
    for (const status of [500, 502, 503, 504, 429, 408]) {
      await withFault(subject, (_, i) => i < 2 ? text(status) : undefined, async ({ store, object, bytes, waits }) => {
        expectBytes(`after ${status} twice`, (await store.read(object, { offset: 10, length: 10 }))?.bytes, bytes.subarray(10, 20))
        expect(waits.length === 2 && waits[1] > waits[0] * 0.9, `after ${status} twice it waited for ${waits.join(', ')} ms`)
      })
    }

    await withFault(subject, (_, i) => {
      if (i === 0) { throw new TypeError('fetch failed') }

      return undefined
    }, async ({ store, object, bytes }) => {
      expectBytes('after a failure of the network', (await store.read(object))?.bytes, bytes)
    })
  }
}

const givesUp: ObjectStoreLawRule = {
  title: 'a lasting failure is an error in the end, and never absence',
  async check (subject) {
    for (const status of [500, 503, 429]) {
      await withFault(subject, () => text(status), async ({ store, object, requests }) => {
        await expectRejection(`read, always ${status}`, store.read(object), 'StoreUnavailableError')
        expect(requests.length === 4, `it made ${requests.length} attempts, not 4`)
        await expectRejection(`stat, always ${status}`, store.stat(object), 'StoreUnavailableError')
      })
    }

    await withFault(subject, () => { throw new TypeError('fetch failed') }, async ({ store, object }) => {
      await expectRejection('without a network', store.read(object), 'StoreUnavailableError')
    })
  }
}

const retryAfter: ObjectStoreLawRule = {
  title: 'it waits as long as the server asks, and does not retry if that is too long',
  async check (subject) {
    await withFault(subject, (_, i) => i === 0 ? text(503, { 'retry-after': '7' }) : undefined, async ({ store, object, bytes, waits }) => {
      expectBytes('after 7 s', (await store.read(object))?.bytes, bytes)
      expect(waits.length === 1 && waits[0] >= 7000, `it waited for ${waits.join(', ')} ms, but the server asked for 7 s`)
    })
    await withFault(subject, () => text(429, { 'retry-after': '3600' }), async ({ store, object, requests }) => {
      const err = await expectRejection('an hour', store.read(object), 'StoreUnavailableError')
      expect(requests.length === 1, `it made ${requests.length} attempts`)
      expect('retryAfter' in err && err.retryAfter === 3_600_000, 'the error does not contain the delay that the server asked for')
    })
  }
}

const truncated: ObjectStoreLawRule = {
  title: 'a truncated body is retried, and is an error in the end',
  async check (subject) {
    async function shortened (request: Request, fetch: Fetch): Promise<Response> {
      const { status, headers, ...response } = await fetch(request).then(async response => ({ status: response.status, headers: new Headers(response.headers), bytes: new Uint8Array(await response.arrayBuffer()) }))

      return new Response(response.bytes.slice(0, -1), { status, headers })
    }

    const options = { offset: 100, length: 1000 }

    await withFault(subject, (request, i, fetch) => i === 0 ? shortened(request, fetch) : undefined, async ({ store, object, bytes }) => {
      expectBytes('after a short body', (await store.read(object, options))?.bytes, bytes.subarray(100, 1100))
    })
    await withFault(subject, async (request, _, fetch) => shortened(request, fetch), async ({ store, object }) => {
      await expectRejection('always short', store.read(object, options), 'TruncatedError')
    })
    await withFault(subject, (_, i) => i === 0 ? new Response(failing(testBytes(500, 9)), { status: 206, headers: { 'content-range': 'bytes 0-999/10000' } }) : undefined, async ({ store, object, bytes }) => {
      expectBytes('after a body that broke', (await store.read(object, { length: 1000 }))?.bytes, bytes.subarray(0, 1000))
    })
  }
}

const wholeForRange: ObjectStoreLawRule = {
  title: 'the whole object instead of a range is read no further than needed, or refused',
  async check (subject) {
    const MiB = 1024 * 1024
    const ignored: Fault = () => new Response(endless(testBytes(10_000, 9)), { status: 200 })

    await withFault(subject, ignored, async ({ store, object, bytes, received }) => {
      expectBytes('1000 at 2000', (await store.read(object, { offset: 2000, length: 1000 }))?.bytes, bytes.subarray(2000, 3000))
      expect(received() < 200_000, `${received()} bytes were received for 3000`)
    })
    await withFault(subject, ignored, async ({ store, object, received }) => {
      await expectRejection('a range far beyond the beginning', store.read(object, { offset: 100 * MiB, length: 1000 }), 'StoreRefusedError')
      expect(received() <= 4 * MiB + 200_000, `${received()} bytes were received`)
    })
    await withFault(subject, request => request.method === 'GET' ? new Response(testBytes(10_000, 9), { status: 200, headers: { 'content-length': '10000' } }) : undefined, async ({ store, object, bytes }) => {
      expectBytes('up to the end', (await store.read(object, { offset: 9000 }))?.bytes, bytes.subarray(9000))
      await expectRejection('beyond the end', store.read(object, { offset: 10_000, length: 1 }), 'OutOfRangeError')
    })
  }
}

const wrongRange: ObjectStoreLawRule = {
  title: 'a range or a version other than the requested one is refused',
  async check (subject) {
    await withFault(subject, () => new Response(testBytes(10), { status: 206, headers: { 'content-range': 'bytes 0-9/10000' } }), async ({ store, object }) => {
      await expectRejection('another range', store.read(object, { offset: 100, length: 10 }), 'StoreRefusedError')
    })
    await withFault(subject, () => new Response(testBytes(10), { status: 206, headers: { 'content-range': 'bytes 0-9/10000', etag: '"other"' } }), async ({ store, object }) => {
      await expectRejection('another version', store.read(object, { length: 10, ifMatch: '"this"' }), 'ObjectChangedError')
    })
  }
}

const redirects: ObjectStoreLawRule = {
  title: 'redirects are not followed',
  async check (subject) {
    for (const status of [301, 302, 303, 307, 308]) {
      await withFault(subject, () => text(status, { location: 'http://169.254.169.254/' }), async ({ store, object, requests }) => {
        await expectRejection(`status ${status}`, store.read(object), 'StoreRefusedError')
        await expectRejection(`stat, status ${status}`, store.stat(object), 'StoreRefusedError')
        expect(requests.length === 2, `it made ${requests.length} requests for two`)
        expect(requests.every(({ redirect }) => redirect === 'manual'), 'a request lets the platform follow redirects')
      })
    }
  }
}

const refused: ObjectStoreLawRule = {
  title: 'a refusal is an error at once, and never absence',
  async check (subject) {
    for (const status of [400, 401, 402, 403, 405, 451, 501]) {
      await withFault(subject, () => text(status), async ({ store, object, requests }) => {
        await expectRejection(`read, status ${status}`, store.read(object), 'StoreRefusedError')
        await expectRejection(`stat, status ${status}`, store.stat(object), 'StoreRefusedError')
        expect(requests.length === 2, `it made ${requests.length} requests for two`)
      })
    }
  }
}

const stopsBody: ObjectStoreLawRule = {
  title: 'an aborted read closes its connection, and does not wait for a delay',
  async check (subject) {
    const reason = new Error('no longer wanted')
    const controller = new AbortController()

    await withFault(subject, () => new Response(endless(testBytes(10), () => { controller.abort(reason) }), { status: 206, headers: { 'content-range': 'bytes 0-9999/10000' } }), async ({ store, object }) => {
      await expectAborted('a read', store.read(object, { length: 10_000, signal: controller.signal }), reason)
    })
    await withFault(subject, () => {
      controller.abort(reason)

      return text(503)
    }, async ({ store, object, requests }) => {
      const { signal } = controller
      await expectAborted('a read aborted between attempts', store.read(object, { signal }), reason)
      expect(requests.length === 0, 'it made a request after the read was aborted')
    })
  }
}

/** A body that begins with these bytes, then breaks. */
function failing (bytes: Uint8Array): ReadableStream<Uint8Array> {
  let pulls = 0

  return new ReadableStream({
    pull (controller) {
      if (pulls++ === 0) {
        controller.enqueue(bytes.slice())
      } else {
        controller.error(new TypeError('terminated'))
      }
    }
  }, { highWaterMark: 0 })
}

/** A body that begins with these bytes and never ends. */
function endless (bytes: Uint8Array, afterFirst?: () => void): ReadableStream<Uint8Array> {
  let pulls = 0

  return new ReadableStream({
    async pull (controller) {
      if (pulls++ === 0) {
        controller.enqueue(bytes.slice())
      } else if (afterFirst != null) {
        afterFirst()
        // waits until it is cancelled
        await new Promise(() => {})
      } else {
        controller.enqueue(new Uint8Array(16_384))
      }
    }
  }, { highWaterMark: 0 })
}

/** The name of a law of stores that are reached by HTTP. */
export type HttpLaw =
  | 'retries' | 'gives-up' | 'retry-after' | 'truncated' | 'whole-for-range' | 'wrong-range' | 'redirects'
  | 'refused' | 'stops-body'

/** The laws of stores that are reached by HTTP, by name. */
export const httpLaws = { retries, 'gives-up': givesUp, 'retry-after': retryAfter, truncated, 'whole-for-range': wholeForRange, 'wrong-range': wrongRange, redirects, refused, 'stops-body': stopsBody } as const satisfies Record<HttpLaw, ObjectStoreLawRule>
