import { DEFAULTS } from '../defaults.ts'
import { expect, expectAborted, expectBytes, expectRejection } from './expect.ts'
import { testBytes } from './test-bytes.ts'
import type { ObjectStoreSubject } from './subjects.ts'

/** A law of object stores: its title, and a check that throws if the store breaks it. */
export interface ObjectStoreLawRule {
  readonly title: string
  check (subject: ObjectStoreSubject): Promise<void>
}

const whole: ObjectStoreLawRule = {
  title: 'an object is read whole, with its size and version',
  async check ({ store, put }) {
    const bytes = testBytes(70_000)
    await put('laws/whole', bytes)
    const part = await store.read('laws/whole')
    expectBytes('laws/whole', part?.bytes, bytes)
    expect(part?.size === 70_000, `its size is 70000, not ${part?.size}`)
    expect(part.etag === (await store.stat('laws/whole'))?.etag, 'read and stat return different versions')
  }
}

const ranges: ObjectStoreLawRule = {
  title: 'a part is read, including one at offset 0, one up to the last byte, and one with an open end',
  async check ({ store, put }) {
    const bytes = testBytes(70_000, 2)
    await put('laws/ranges', bytes)

    for (const [offset, length] of [[0, 1], [0, 100], [1, 1], [65_535, 2], [69_999, 1], [69_000, 1000], [0, 70_000]]) {
      const part = await store.read('laws/ranges', { offset, length })
      expectBytes(`${length} bytes at ${offset}`, part?.bytes, bytes.subarray(offset, offset + length))
      expect(part?.size === 70_000, `${length} bytes at ${offset}: the size of the object is 70000, not ${part?.size}`)
    }

    expectBytes('all from 69990', (await store.read('laws/ranges', { offset: 69_990 }))?.bytes, bytes.subarray(69_990))
  }
}

const cut: ObjectStoreLawRule = {
  title: 'a range that ends beyond the end of the object is cut there',
  async check ({ store, put }) {
    const bytes = testBytes(1000, 3)
    await put('laws/cut', bytes)
    expectBytes('500 bytes at 900', (await store.read('laws/cut', { offset: 900, length: 500 }))?.bytes, bytes.subarray(900))
    expectBytes('1001 bytes at 0', (await store.read('laws/cut', { offset: 0, length: 1001 }))?.bytes, bytes)
  }
}

const outOfRange: ObjectStoreLawRule = {
  title: 'a range that begins at or beyond the end is an error, and so is an invalid range',
  async check ({ store, put }) {
    await put('laws/short', testBytes(10))

    for (const [offset, length] of [[10, 1], [11, 5], [2 ** 33, 1], [2 ** 53, 1], [-1, 1], [0.5, 1], [0, -1], [0, NaN]]) {
      await expectRejection(`${length} bytes at ${offset} of 10`, store.read('laws/short', { offset, length }), 'OutOfRangeError')
    }

    await expectRejection('all from 10 of 10', store.read('laws/short', { offset: 10 }), 'OutOfRangeError')
  }
}

const missing: ObjectStoreLawRule = {
  title: 'a missing object is undefined in every kind of request',
  async check ({ store, put, remove }) {
    await put('laws/removed', testBytes(10))
    await remove('laws/removed')

    for (const name of ['laws/removed', 'laws/never', 'laws', 'laws/removed/below', `laws/${'x'.repeat(200)}`]) {
      expect(await store.read(name) === undefined, `read of ${name} is not undefined`)
      expect(await store.read(name, { offset: 5, length: 5 }) === undefined, `read of a part of ${name} is not undefined`)
      expect(await store.stat(name) === undefined, `stat of ${name} is not undefined`)
    }
  }
}

const nothing: ObjectStoreLawRule = {
  title: 'a read of length 0 makes no request, for any object',
  async check ({ store, put, requests }) {
    await put('laws/nothing', testBytes(10))
    const before = requests?.()

    for (const [name, offset] of [['laws/nothing', 0], ['laws/nothing', 10], ['laws/nothing', 1000], ['laws/never', 0]] as const) {
      expectBytes(`0 bytes at ${offset} of ${name}`, (await store.read(name, { offset, length: 0 }))?.bytes, new Uint8Array(0))
    }

    expect(before === requests?.(), `it made ${(requests?.() ?? 0) - (before ?? 0)} requests`)
  }
}

const empty: ObjectStoreLawRule = {
  title: 'an empty object can be read',
  async check ({ store, put }) {
    await put('laws/empty', new Uint8Array(0))

    for (const options of [{}, { offset: 0 }, { offset: 0, length: 10 }]) {
      const part = await store.read('laws/empty', options)
      expectBytes(JSON.stringify(options), part?.bytes, new Uint8Array(0))
      expect(part?.size === 0, `${JSON.stringify(options)}: its size is 0, not ${part?.size}`)
    }

    expect((await store.stat('laws/empty'))?.size === 0, 'its size is 0')
    await expectRejection('a byte at 1', store.read('laws/empty', { offset: 1, length: 1 }), 'OutOfRangeError')
  }
}

const changed: ObjectStoreLawRule = {
  title: 'a version other than the requested one is an error, never other bytes',
  async check ({ store, put, remove }) {
    const bytes = testBytes(1000, 4)
    await put('laws/changed', bytes)
    const ifMatch = (await store.stat('laws/changed'))?.etag
    expect(ifMatch != null, 'stat returns no version')
    expectBytes('the same version', (await store.read('laws/changed', { offset: 10, length: 10, ifMatch }))?.bytes, bytes.subarray(10, 20))

    await put('laws/changed', testBytes(1000, 5))
    await expectRejection('a part of another version', store.read('laws/changed', { offset: 10, length: 10, ifMatch }), 'ObjectChangedError')
    await expectRejection('all of another version', store.read('laws/changed', { ifMatch }), 'ObjectChangedError')
    await put('laws/changed', testBytes(5, 5))
    await expectRejection('a part that is now beyond the end', store.read('laws/changed', { offset: 10, length: 10, ifMatch }), 'ObjectChangedError')
    await remove('laws/changed')
    expect(await store.read('laws/changed', { ifMatch }) === undefined, 'a version of a missing object is not undefined')
  }
}

const ownBytes: ObjectStoreLawRule = {
  title: 'the bytes belong to the caller: they keep no larger buffer in memory, and may be modified',
  async check ({ store, put }) {
    const bytes = testBytes(70_000, 6)
    await put('laws/own', bytes)

    for (const [offset, length] of [[0, 70_000], [100, 100]]) {
      const first = (await store.read('laws/own', { offset, length }))?.bytes
      expectBytes('first read', first, bytes.subarray(offset, offset + length))
      expect(first?.buffer.byteLength === length, `${length} bytes keep a buffer of ${first?.buffer.byteLength} in memory`)
      first.fill(0)
      expectBytes('after the first was modified', (await store.read('laws/own', { offset, length }))?.bytes, bytes.subarray(offset, offset + length))
    }
  }
}

const aborts: ObjectStoreLawRule = {
  title: 'an aborted read rejects with the reason, before it begins and while it runs',
  async check ({ store, put }) {
    await put('laws/aborts', testBytes(1_000_000, 7))
    const reason = new Error('no longer wanted')
    const aborted = AbortSignal.abort(reason)
    await expectAborted('a read aborted before', store.read('laws/aborts', { signal: aborted }), reason)
    await expectAborted('a stat aborted before', store.stat('laws/aborts', { signal: aborted }), reason)

    const controller = new AbortController()
    const reads = Array.from({ length: 10 }, async (_, i) => store.read('laws/aborts', { offset: i, signal: controller.signal }))
    controller.abort(reason)
    await Promise.all(reads.map(async read => expectAborted('a read aborted during it', read, reason)))
    expectBytes('a read after that', (await store.read('laws/aborts', { offset: 999_990 }))?.bytes, testBytes(1_000_000, 7).subarray(999_990))
  }
}

const names: ObjectStoreLawRule = {
  title: 'a name may contain any characters, but cannot lead out of the store',
  async check ({ store, put }) {
    for (const [i, name] of ['laws/a b', 'laws/ü/ü', 'laws/a+b', 'laws/100%', 'laws/%2e%2e', 'laws/a#b', 'laws/a?b=c&d', 'laws/(a)!*\'', 'laws/a&amp;b', 'laws/…', 'laws/.hidden', 'laws/a..b'].entries()) {
      await put(name, testBytes(10, 20 + i))
      expectBytes(name, (await store.read(name))?.bytes, testBytes(10, 20 + i))
    }

    for (const name of ['', '.', '..', '../laws/whole', 'laws/../laws/whole', 'laws/./whole', '/laws/whole', 'laws/..', '..\\laws', 'laws/\0']) {
      await expectRejection(`read of ${JSON.stringify(name)}`, store.read(name), 'InvalidNameError')
      await expectRejection(`stat of ${JSON.stringify(name)}`, store.stat(name), 'InvalidNameError')
    }
  }
}

const tooLarge: ObjectStoreLawRule = {
  title: 'a read that is larger than allowed is refused before it begins',
  async check ({ store, put, maxRead = DEFAULTS.maxRead }) {
    await put('laws/small', testBytes(10))
    await expectRejection('a length', store.read('laws/small', { length: maxRead + 1 }), 'ObjectTooLargeError')

    if (maxRead <= 4 * 1024 * 1024) {
      await put('laws/large', testBytes(maxRead + 1))
      await expectRejection('a whole object', store.read('laws/large'), 'ObjectTooLargeError')
      await expectRejection('up to the end', store.read('laws/large', { offset: 0 }), 'ObjectTooLargeError')
      expect((await store.read('laws/large', { offset: 1 }))?.bytes.byteLength === maxRead, 'a read of the allowed size has that size')
    }
  }
}

const concurrent: ObjectStoreLawRule = {
  title: 'many reads at once each get their own bytes',
  async check ({ store, put }) {
    const bytes = testBytes(500_000, 8)
    await put('laws/concurrent', bytes)
    const offsets = Array.from({ length: 50 }, (_, i) => i * 9_973)
    const parts = await Promise.all(offsets.map(async offset => store.read('laws/concurrent', { offset, length: 1000 })))

    for (const [i, offset] of offsets.entries()) {
      expectBytes(`at ${offset}`, parts[i]?.bytes, bytes.subarray(offset, offset + 1000))
    }
  }
}

const intoBuffers: ObjectStoreLawRule = {
  title: 'readInto, if there is one, fills one buffer after the other, or fails as a read does',
  async check ({ store, put, maxRead }) {
    if (store.readInto == null) {
      return
    }

    const bytes = testBytes(200_000, 9)
    await put('laws/into', bytes)
    const buffers = [10, 0, 100_000, 1, 50_000].map(length => new Uint8Array(length))
    const info = await store.readInto('laws/into', buffers, { offset: 7 })
    expect(info?.size === 200_000, `the size of the object is 200000, not ${info?.size}`)
    expect(info.etag === (await store.stat('laws/into'))?.etag, 'readInto and stat return different versions')
    let at = 7

    for (const buffer of buffers) {
      expectBytes(`${buffer.byteLength} bytes at ${at}`, buffer, bytes.subarray(at, at + buffer.byteLength))
      at += buffer.byteLength
    }

    const two = [new Uint8Array(100), new Uint8Array(100)]
    const reason = new Error('no longer wanted')
    expect(await store.readInto('laws/never', two) === undefined, 'readInto of a missing object is not undefined')
    await expectRejection('200 bytes of 199', store.readInto('laws/into', two, { offset: 199_801 }), 'OutOfRangeError')
    await expectRejection('too much', store.readInto('laws/into', [new Uint8Array((maxRead ?? DEFAULTS.maxRead) + 1)]), 'ObjectTooLargeError')
    await expectRejection('another version', store.readInto('laws/into', two, { ifMatch: '"another"' }), 'ObjectChangedError')
    await expectRejection('a name that leads out', store.readInto('../laws/into', two), 'InvalidNameError')
    await expectAborted('aborted before', store.readInto('laws/into', two, { signal: AbortSignal.abort(reason) }), reason)
  }
}

/** Only for stores that can list. Servers return a listing in pages; all pages must be read, and names of all kinds be unescaped. */
export const lists: ObjectStoreLawRule = {
  title: 'all names that begin with a prefix are listed, even more than a thousand',
  async check ({ store, put }) {
    expect(store.list != null, 'it has no list')
    const expected = ['laws-list/a/b', 'laws-list/ü +&%', ...Array.from({ length: 1003 }, (_, i) => `laws-list/many/${i}`)]
    await Promise.all([...expected, 'laws-list-not', 'laws-lis'].map(async name => put(name, testBytes(1))))

    for (const prefix of ['laws-list/', 'laws-list/many/', 'laws-list/many/10', 'laws-list/a', 'laws-list/ü ', 'laws-list/none/', 'laws-list/many/1/']) {
      const listed = await gather(store.list(prefix))
      const wanted = expected.filter(name => name.startsWith(prefix))
      expect(listed.length === new Set(listed).size, `${prefix}: some names are listed twice`)
      expect(listed.sort().join('\n') === wanted.sort().join('\n'), `${prefix}: expected ${wanted.length} names, got ${listed.length}`)
    }

    const reason = new Error('enough')
    await expectAborted('a list aborted before', gather(store.list('laws-list/', { signal: AbortSignal.abort(reason) })), reason)
  }
}

async function gather (names: AsyncIterable<string>): Promise<string[]> {
  const all = []

  for await (const name of names) {
    all.push(name)
  }

  return all
}

/** The name of a law of every store. */
export type StoreLaw =
  | 'whole' | 'ranges' | 'cut' | 'out-of-range' | 'missing' | 'nothing' | 'empty' | 'changed' | 'own-bytes'
  | 'aborts' | 'names' | 'too-large' | 'concurrent' | 'into-buffers'

/** The laws of object stores by name. */
export const STORE_LAWS = { whole, ranges, cut, 'out-of-range': outOfRange, missing, nothing, empty, changed, 'own-bytes': ownBytes, aborts, names, 'too-large': tooLarge, concurrent, 'into-buffers': intoBuffers } as const satisfies Record<StoreLaw, ObjectStoreLawRule>
