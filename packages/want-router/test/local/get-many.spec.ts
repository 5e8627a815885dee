import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { getMany as getManyBy } from '../../src/local/get-many.ts'
import { testBlock } from '../engine/harness.ts'
import type { GetManyOptions, GetOne, GotBlock } from '../../src/local/get-many.ts'

const blocks = Array.from({ length: 40 }, (_, i) => testBlock(i, 100))
const cids = blocks.map(({ cid }) => CID.decode(cid))

async function settled (): Promise<void> {
  return new Promise(resolve => { setImmediate(resolve) })
}

/** A `get` whose calls the test ends, and the `getMany` made from it. */
function gated (most = 1024): { getMany (cids: Iterable<CID> | AsyncIterable<CID>, options?: GetManyOptions): AsyncGenerator<GotBlock>, open: Map<string, PromiseWithResolvers<Uint8Array>>, begun: string[] } {
  const open = new Map<string, PromiseWithResolvers<Uint8Array>>()
  const begun: string[] = []

  const get: GetOne = async (cid, signal) => {
    const gate = Promise.withResolvers<Uint8Array>()
    const name = cid.toString()
    begun.push(name)
    open.set(name, gate)
    signal.addEventListener('abort', () => { gate.reject(signal.reason) })

    return gate.promise.finally(() => { open.delete(name) })
  }

  return { getMany: (cids, options) => getManyBy(get, most, cids, options), open, begun }
}

describe('getMany', () => {
  it('yields each block as soon as it arrives, and an error as the result of its own block', async () => {
    const { getMany, open } = gated()
    const results = getMany(cids.slice(0, 3))
    const first = results.next()
    await settled()
    open.get(`${cids[2]}`)?.resolve(blocks[2].bytes)
    expect(await first).to.deep.equal({ done: false, value: { cid: cids[2], bytes: blocks[2].bytes } })
    open.get(`${cids[0]}`)?.reject(new Error('no'))
    const { value } = await results.next()
    expect(value).to.have.nested.property('error.message', 'no')
    expect(value?.cid).to.equal(cids[0])
    open.get(`${cids[1]}`)?.resolve(blocks[1].bytes)
    expect(await results.next()).to.deep.equal({ done: false, value: { cid: cids[1], bytes: blocks[1].bytes } })
    expect(await results.next()).to.deep.equal({ done: true, value: undefined })
  })

  it('has no more gets at once than its concurrency and the limit of a client, counting results that wait to be taken', async () => {
    for (const [concurrency, most, expected] of [[5, 1024, 5], [Infinity, 8, 8]]) {
      const { getMany, open, begun } = gated(most)
      const results = getMany(cids, { concurrency })
      const first = results.next()
      await settled()
      expect(open.size).to.equal(expected)

      for (const gate of open.values()) {
        gate.resolve(blocks[0].bytes)
      }

      await first
      await settled()
      expect(begun.length).to.be.within(expected, expected + 1)
      await results.next()
      await settled()
      expect(begun.length).to.be.within(expected + 1, expected + 2)
      await results.return(undefined)
    }
  })

  it('begins no further gets while many bytes wait to be taken', async () => {
    const { getMany, open, begun } = gated()
    const results = getMany(cids, { concurrency: 5 })
    const first = results.next()
    await settled()

    for (const gate of open.values()) {
      gate.resolve(new Uint8Array(2 << 20))
    }

    await first
    await settled()
    expect(begun).to.have.lengthOf(5)
    await results.return(undefined)
  })

  it('reads its input no faster than its results are taken, and ends the input', async () => {
    let read = 0
    let ended = false

    async function * input (): AsyncGenerator<CID> {
      try {
        for (const cid of cids) {
          read++
          yield cid
        }
      } finally {
        ended = true
      }
    }

    const { getMany, open } = gated()
    const results = getMany(input(), { concurrency: 3 })
    const first = results.next()
    await settled()
    expect(read).to.equal(3)
    open.get(`${cids[0]}`)?.resolve(blocks[0].bytes)
    await first
    await results.return(undefined)
    await settled()
    expect(ended).to.equal(true)
    expect(open.size).to.equal(0)
  })

  it('throws the signal\'s reason, and ends its gets', async () => {
    const { getMany, open } = gated()
    const controller = new AbortController()
    const reason = new Error('enough')
    const first = getMany(cids, { signal: controller.signal }).next()
    await settled()
    controller.abort(reason)
    await expect(first).to.eventually.be.rejected().and.equal(reason)
    expect(open.size).to.equal(0)
    await expect(getMany(cids, { signal: controller.signal }).next()).to.eventually.be.rejected().and.equal(reason)
  })

  it('throws what its input throws, after the results of earlier CIDs', async () => {
    function * input (): Generator<CID> {
      yield cids[0]
      throw new Error('no more cids')
    }

    const { getMany, open } = gated()
    const results = getMany(input())
    const first = results.next()
    await settled()
    open.get(`${cids[0]}`)?.resolve(blocks[0].bytes)
    expect((await first).value?.bytes).to.equal(blocks[0].bytes)
    await expect(results.next()).to.eventually.be.rejected.with.property('message', 'no more cids')
  })
})
