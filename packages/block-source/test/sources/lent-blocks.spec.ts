import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { carSource, memoryStore, scanIndex } from '../../src/index.ts'
import { fsStore } from '../../src/stores/fs.ts'
import { testBytes } from '../../src/testing/test-bytes.ts'
import { carOf, rawBlock, rawBlocks } from './cars.ts'
import type { Block, BlockIndex, CarSource, CarSourceInit, ObjectStore } from '../../src/index.ts'

const LENGTH = 40_000

/** Ranges are of three blocks, so that there are many. */
const RANGES = { maxSpan: 3 * LENGTH + 500, concurrency: 1 }

describe('blocks of CAR files that are lent', () => {
  let folder: string
  let blocks: Block[]
  let store: ObjectStore

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-lent-'))
    blocks = await rawBlocks(30, LENGTH)
    await writeFile(join(folder, 'x.car'), await carOf(blocks))
    store = fsStore({ folder })
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  function sourceOf (init: Partial<CarSourceInit> = {}): CarSource {
    return carSource({ store, index: scanIndex(store, 'x.car'), ...RANGES, ...init })
  }

  /** Copies of the blocks as the consumer sees them, and the buffers in which they were. */
  async function read (source: CarSource, cids: readonly CID[] = blocks.map(({ cid }) => cid)): Promise<{ seen: Array<{ cid: CID, bytes?: Uint8Array, error?: Error }>, buffers: Set<ArrayBufferLike> }> {
    const seen: Array<{ cid: CID, bytes?: Uint8Array, error?: Error }> = []
    const buffers = new Set<ArrayBufferLike>()

    for await (const { bytes, ...rest } of source.lendMany(cids)) {
      seen.push(bytes == null ? rest : { ...rest, bytes: bytes.slice() })

      if (bytes != null) {
        buffers.add(bytes.buffer)
      }
    }

    return { seen, buffers }
  }

  it('are the same blocks, in the memory of a few ranges', async () => {
    const { seen, buffers } = await read(sourceOf())
    expect(seen).to.have.deep.members(blocks)
    expect(buffers.size).to.be.below(30 / 3)
  })

  it('stay as they are until the next one is asked for', async () => {
    let left = blocks.length

    for await (const { cid, bytes } of sourceOf({ concurrency: 4 }).lendMany(blocks.map(({ cid }) => cid))) {
      // as long as it takes to read all that may be read ahead
      await new Promise(resolve => { setImmediate(resolve) })
      await store.read('x.car')
      expect(bytes).to.deep.equal(blocks.find(block => block.cid.equals(cid))?.bytes)
      left--
    }

    expect(left).to.equal(0)
  })

  it('may come from any store, and be short, inline, wanted twice or absent', async () => {
    const few = [...await rawBlocks(5, 100, 1_000), await rawBlock(new Uint8Array(0))]
    const objects = memoryStore({ objects: new Map([['x.car', await carOf(few)]]) })
    const inline = { cid: CID.createV1(0x55, identity.digest(Uint8Array.of(1, 2))), bytes: Uint8Array.of(1, 2) }
    const absent = await rawBlock(testBytes(100, 2_000))
    await writeFile(join(folder, 'few.car'), await carOf(few))

    for (const [from, object] of [[objects, 'x.car'], [store, 'few.car']] as const) {
      const { seen } = await read(carSource({ store: from, index: scanIndex(from, object) }), [...few, few[0], inline, absent].map(({ cid }) => cid))
      expect(seen).to.have.deep.members([...few, few[0], inline, { cid: absent.cid }])
    }
  })

  it('are refused before they are read if they are too long', async () => {
    const [{ cid }] = blocks
    const index: BlockIndex = { complete: true, locate: async () => [[{ object: 'x.car', offset: 0, length: 2 ** 40, at: 'block' }]] }
    const { seen: [{ error }] } = await read(sourceOf({ index }), [cid])
    expect(error).to.have.property('name', 'ObjectTooLargeError')
  })

  it('are not read into the buffer of a failed read, which may still write to it', async () => {
    const used = new Set<ArrayBufferLike>()
    const failed = new Set<ArrayBufferLike>()
    const failing: ObjectStore = {
      ...store,
      async readInto (object, buffers, options) {
        const [{ buffer }] = buffers
        used.add(buffer)
        expect(failed).to.not.include(buffer)

        if (used.size === 2 && failed.size === 0) {
          failed.add(buffer)
          throw new Error('the read has failed, but still writes')
        }

        return store.readInto?.(object, buffers, options)
      }
    }
    const { seen } = await read(sourceOf({ store: failing, concurrency: 2 }))
    expect(failed.size).to.equal(1)
    expect(seen.filter(({ error }) => error != null)).to.have.lengthOf(3)
    expect(seen.filter(({ bytes }) => bytes != null)).to.have.lengthOf(27)
  })

  it('are errors if their bytes are wrong, and the blocks beside them are served', async () => {
    const right = scanIndex(store, 'x.car')
    const wrong: BlockIndex = {
      complete: true,
      async locate (multihashes) {
        return (await right.locate(multihashes)).map((locations, i) => i === 4 && !(locations instanceof Error) ? locations.map(location => ({ ...location, offset: location.offset + 1 })) : locations)
      }
    }
    const { seen } = await read(sourceOf({ index: wrong }))
    expect(seen.filter(({ error }) => error != null).map(({ cid, error }) => [cid, error?.name])).to.deep.equal([[blocks[4].cid, 'HashMismatchError']])
    expect(seen.filter(({ bytes }) => bytes != null)).to.have.deep.members(blocks.filter((_, i) => i !== 4))
  })

  it('end when the signal aborts, and nothing is read for a consumer that leaves', async () => {
    const reads: string[] = []
    const counted: ObjectStore = {
      ...store,
      async readInto (object, buffers, options) {
        reads.push(object)

        return store.readInto?.(object, buffers, options)
      }
    }
    const source = sourceOf({ store: counted })
    await source.get(blocks[29].cid)

    const left = source.lendMany(blocks.map(({ cid }) => cid))[Symbol.asyncIterator]()
    expect((await left.next()).value).to.have.property('bytes').with.lengthOf(LENGTH)
    await left.return?.()

    expect(reads.length).to.be.below(5)
    const abort = new AbortController()
    const results = source.lendMany(blocks.map(({ cid }) => cid), { signal: abort.signal })[Symbol.asyncIterator]()
    await results.next()
    abort.abort(new Error('enough'))

    await expect((async () => {
      while ((await results.next()).done !== true) {
        // until it throws
      }
    })()).to.eventually.be.rejectedWith('enough')
  })
})
