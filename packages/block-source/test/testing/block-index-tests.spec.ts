import { expect } from 'aegir/chai'
import { sortedIndex } from '../../src/indexes/sorted-index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { blockIndexLaws } from '../../src/testing/block-index-tests.ts'
import { LawBrokenError } from '../../src/testing/index.ts'
import { blocks, carV1, mhIndex, sectionOffsets, sortedRows } from '../fixtures/cars.ts'
import type { BlockIndex, Located, Location } from '../../src/block-index.ts'
import type { SourceOptions } from '../../src/block-source.ts'
import type { ObjectStore } from '../../src/object-store.ts'
import type { BlockIndexLaw } from '../../src/testing/block-index-laws.ts'
import type { MakeIndex } from '../../src/testing/block-index-tests.ts'

/** Creates a correct index, which `spoil` may break. */
function subject (spoil: (index: BlockIndex, store: ObjectStore) => BlockIndex = index => index): MakeIndex {
  return async wrap => {
    const all = await blocks(20)
    const store = memoryStore({ objects: new Map([['a.car', carV1(all)], ['a.car.idx', mhIndex(sortedRows(all, sectionOffsets(all)))]]) })
    const wrapped = wrap(store)

    return { blocks: all, store, index: spoil(sortedIndex(wrapped, 'a.car.idx'), wrapped) }
  }
}

/** An index whose results are changed. */
function changing (change: (located: readonly Located[], index: BlockIndex, multihashes: readonly Uint8Array[]) => Promise<readonly Located[]> | readonly Located[]): MakeIndex {
  return subject(index => ({
    complete: false,
    locate: async (multihashes, options) => change(await index.locate(multihashes, options), index, multihashes)
  }))
}

/** An index that reports absence in place of some errors. */
function silent (which: (err: Error) => boolean): MakeIndex {
  return subject(index => ({
    complete: false,
    async locate (multihashes, options = {}) {
      try {
        return await index.locate(multihashes, options)
      } catch (err) {
        options.signal?.throwIfAborted()

        if (which(err as Error)) {
          return multihashes.map(() => [])
        }

        throw err
      }
    }
  }))
}

/** An index that does something before each lookup. */
function before (act: (store: ObjectStore, options: SourceOptions, multihashes: readonly Uint8Array[]) => Promise<void> | void): MakeIndex {
  return subject((index, store) => ({
    complete: false,
    async locate (multihashes, options = {}) {
      await act(store, options, multihashes)

      return index.locate(multihashes, options)
    }
  }))
}

const moved = (located: Located): Located => located instanceof Error ? located : located.map(location => ({ ...location, offset: location.offset + 1 }))

function oneAtATime (): MakeIndex {
  return subject(index => {
    let busy = false

    return {
      complete: false,
      async locate (multihashes, options) {
        if (busy) {
          return multihashes.map(() => [])
        }

        busy = true

        try {
          return await index.locate(multihashes, options)
        } finally {
          busy = false
        }
      }
    }
  })
}

/** Awaits the first lookup's promise in all others, so that they fail with it. */
function joined (): MakeIndex {
  return subject(index => {
    let first: Promise<unknown> | undefined

    return {
      complete: false,
      async locate (multihashes, options) {
        first ??= index.locate(multihashes, options)
        await first

        return index.locate(multihashes, options)
      }
    }
  })
}

function giveUpForGood (): MakeIndex {
  return subject(index => {
    let failure: Error | undefined

    return {
      complete: false,
      async locate (multihashes, options) {
        if (failure != null) {
          throw failure
        }

        try {
          return await index.locate(multihashes, options)
        } catch (err) {
          failure = err as Error
          throw err
        }
      }
    }
  })
}

const BROKEN: Record<BlockIndexLaw, [what: string, make: MakeIndex]> = {
  located: ['returns wrong offsets', changing(located => located.map(moved))],
  order: ['leaves out results of repeated multihashes', changing(async (located, index, multihashes) => index.locate([...new Set(multihashes)]))],
  nothing: ['reads before it looks at the request', before(async store => { await store.read('a.car.idx', { length: 10 }) })],
  absent: ['compares the beginnings of digests', changing(async (located, index, multihashes) => Promise.all(located.map(async (one, i) => {
    const isShort = multihashes[i][1] === 31

    // it finds anything for a digest of 31 bytes
    return isShort ? [{ object: 'a.car', offset: 0, at: 'block' } satisfies Location] : one
  })))],
  garbage: ['throws at anything that is not a multihash', before((_, options, multihashes) => {
    if (multihashes.some(multihash => multihash.length < 4)) {
      throw new Error('no multihash')
    }
  })],
  'read-only': ['modifies the multihashes', subject(index => ({
    complete: false,
    async locate (multihashes, options) {
      const located = await index.locate(multihashes, options)
      multihashes[0]?.fill(0)

      return located
    }
  }))],
  unavailable: ['takes a failure for absence', silent(err => err.name === 'StoreUnavailableError')],
  recovery: ['never recovers from a failure', giveUpForGood()],
  missing: ['takes an index that is gone for an empty one', silent(err => err.name === 'ObjectMissingError')],
  short: ['takes half an index for all of it', silent(err => err.name === 'TruncatedError')],
  abort: ['reads for a caller that has left', before(async store => { await store.read('a.car.idx', { length: 10 }) })],
  others: ['fails together with what it waits for', joined()],
  concurrent: ['can do one thing at a time', oneAtATime()],
  bounded: ['reads objects whole', before(async (store, options) => { await store.read('a.car', { signal: options.signal }) })],
  warm: ['remembers nothing', before(async (store, options) => { await store.read('a.car.idx', { length: 10, signal: options.signal }) })]
}

/** How the index breaks the law; undefined if it does not. */
async function verdict (law: BlockIndexLaw, make: MakeIndex): Promise<string | undefined> {
  try {
    await blockIndexLaws(make).find(({ id }) => id === law)?.check()
  } catch (err) {
    return `${(err as Error).name}: ${(err as Error).message}`
  }
}

describe('blockIndexLaws', () => {
  it('are obeyed by a correct index', async () => {
    for (const { id } of blockIndexLaws(subject())) {
      expect(await verdict(id, subject())).to.equal(undefined)
    }
  })

  it('each have a broken index', () => {
    expect(Object.keys(BROKEN).sort()).to.deep.equal(blockIndexLaws(subject()).map(({ id }) => id).sort())
  })

  for (const [law, [what, make]] of Object.entries(BROKEN)) {
    it(`${law} catches an index that ${what}`, async () => {
      expect(await verdict(law as BlockIndexLaw, make)).to.be.a('string')
    })
  }

  it('report what was broken, and where', async () => {
    expect(await verdict('located', BROKEN.located[1])).to.match(/^LawBrokenError: block 0 is at none of its locations: {"object":"a.car"/)
    expect(await verdict('short', BROKEN.short[1])).to.equal('LawBrokenError: block 0 was absent while the store was short')
    expect(new LawBrokenError('x')).to.have.property('name', 'LawBrokenError')
  })

  it('are skipped with a reason', () => {
    const law = blockIndexLaws(subject(), { laws: { warm: 'keeps nothing' } }).find(({ id }) => id === 'warm')
    expect(law?.skipped).to.equal('keeps nothing')
  })
})
