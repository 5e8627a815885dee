import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import * as json from 'multiformats/codecs/json'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { fakeBlock, settled, wantOf } from './fixtures.ts'
import { blocks, bytesOf, nameOf, started } from './source-fixtures.ts'
import type { SourceBatchOptions, SourceLike, SourceResult } from '../../src/targets/source-like.ts'

const [a, b, c, d] = blocks

class NotFoundError extends Error {
  name = 'NotFoundError'
}

/** The blocks that a batch was asked for, as letters, and its options. */
interface Batch { readonly names: string, readonly options: SourceBatchOptions }

interface Batching extends SourceLike { readonly batches: Batch[], readonly gets: string[] }

/** A source that answers batches as the test says, and has all blocks when read one by one. */
function batching (answer: (cids: CID[], options: SourceBatchOptions) => ReturnType<NonNullable<SourceLike['getMany']>>, more: Partial<SourceLike> = {}): Batching {
  const batches: Batch[] = []
  const gets: string[] = []

  return {
    batches,
    gets,
    get: async cid => {
      gets.push(nameOf(cid))

      return bytesOf(cid)
    },
    getMany (cids, options) {
      const all = [...cids]
      batches.push({ names: all.map(nameOf).join(''), options })

      return answer(all, options)
    },
    ...more
  }
}

async function * found (cids: CID[]): AsyncGenerator<SourceResult> {
  for (const cid of cids) {
    yield { cid, bytes: bytesOf(cid) }
  }
}

describe('source target: a source that reads batches', () => {
  it('reads wants that come together in one batch, and a want that comes alone by itself', async () => {
    const from = batching(found)
    const { target, sink } = await started(from)
    target.ask([a, b].map(block => wantOf(block)))
    target.ask([wantOf(c)])
    await settled()
    expect(from.batches.map(({ names }) => names)).to.deep.equal(['abc'])
    expect(sink.events).to.deep.equal(['block a', 'block b', 'block c'])

    target.ask([wantOf(d)])
    await settled()
    expect(from.gets).to.deep.equal(['d'])
    expect(sink.events.at(-1)).to.equal('block d')
  })

  it('can be asked for as many blocks as any member', async () => {
    const { target, sink } = await started(batching(found))
    await target.stop()
    await target.start(sink)
    await settled()
    expect(sink.events).to.deep.equal(['up {"standing":0}'])
  })

  it('reads the wants of each client in a batch of that client', async () => {
    const from = batching(found)
    const { target } = await started(from)
    target.ask([wantOf(a, 'block', 'alice'), wantOf(b, 'block', 'bob'), wantOf(c, 'block', 'alice'), wantOf(d, 'block', 'bob')])
    await settled()
    expect(from.batches.map(({ names, options }) => [names, options.session])).to.deep.equal([['ac', 'alice'], ['bd', 'bob']])
  })

  it('answers want-haves by stat one by one, and in the batch if there is neither stat nor has', async () => {
    const mixed = [wantOf(a, 'have'), wantOf(b), wantOf(c), wantOf(d, 'have')]
    const withStat = batching(found, { stat: async () => ({ size: 7 }) })
    const one = await started(withStat, { inlineBlock: 0 })
    one.target.ask(mixed)
    await settled()
    expect(withStat.batches.map(({ names }) => names)).to.deep.equal(['bc'])
    expect(one.sink.events).to.have.members(['have a of 7', 'block b', 'block c', 'have d of 7'])

    const without = batching(found)
    const other = await started(without, { inlineBlock: 0 })
    other.target.ask(mixed)
    await settled()
    expect(without.batches.map(({ names }) => names)).to.deep.equal(['abcd'])
    expect(other.sink.events).to.deep.equal(['have a of 1', 'block b', 'block c', 'have d of 1'])
  })

  it('reads blocks together that are small by their stat, and answers want-haves with them', async () => {
    const from = batching(found, { stat: async cid => ({ size: cid.equals(c.cid) ? 1025 : 1024 }) })
    const { target, sink } = await started(from)
    target.ask([wantOf(a, 'have'), wantOf(b, 'have'), wantOf(c, 'have')])
    await settled()

    expect(from.batches.map(({ names }) => names)).to.deep.equal(['ab'])
    expect(sink.events).to.have.members(['block a', 'block b', 'have c of 1025'])
  })

  it('waits for further wants while some come, but not once it has as many as the last time', async () => {
    const from = batching(found)
    const timers = fakeClock()
    const { target } = await started(from, { concurrency: 1, linger: 10, timers })
    const names = (): string[] => from.batches.splice(0).map(({ names }) => names)

    const ask = async (...some: typeof blocks): Promise<void> => {
      target.ask(some.map(block => wantOf(block)))
      await settled()
    }

    await ask(a, b)
    timers.pass(9)
    await settled()
    expect(names()).to.deep.equal([])
    await ask(c)
    timers.pass(10)
    await settled()
    // one has come in the first ten
    expect(names()).to.deep.equal([])
    timers.pass(1)
    await settled()
    expect(names()).to.deep.equal(['abc'])

    await ask(d, a)
    expect(names()).to.deep.equal([])
    await ask(b)
    expect(names()).to.deep.equal(['dab'])

    await target.stop()
  })

  it('is held up five times at most by wants that come all the time', async () => {
    const from = batching(found)
    const timers = fakeClock()
    const { target } = await started(from, { linger: 10, timers })
    target.ask([wantOf(a)])
    await settled()

    for (let i = 1; i <= 5; i++) {
      expect(from.batches).to.have.lengthOf(0)
      target.ask([wantOf(blocks[i])])
      await settled()
      timers.pass(10)
      await settled()
    }

    expect(from.batches.map(({ names }) => names)).to.deep.equal(['abcdef'])
  })

  it('an error or a miss counts for one block only', async () => {
    const results = async function * (cids: CID[]): AsyncGenerator<SourceResult> {
      yield { cid: cids[3], error: new NotFoundError('nope') }
      yield { cid: cids[1], error: new Error('disk on fire') }
      yield { cid: cids[2] }
      yield { cid: cids[0], bytes: a.bytes }
    }

    const { target, sink } = await started(batching(results))
    target.ask([a, b, c, d].map(block => wantOf(block)))
    await settled()
    expect(sink.events).to.deep.equal(['dont-have d', 'failed b', 'dont-have c', 'block a'])
    expect(sink.errors.map(({ message }) => message)).to.deep.equal(['disk on fire'])

    const partial = await started(batching(results, { complete: false }))
    partial.target.ask([a, b, c, d].map(block => wantOf(block)))
    await settled()
    expect(partial.sink.events).to.deep.equal(['unknown d', 'failed b', 'unknown c', 'block a'])
  })

  it('reads blocks that come in pieces, and results that come at once or in a CID of the source\'s own', async () => {
    const { target, sink } = await started(batching(cids => cids.map(cid => ({
      cid: CID.createV1(json.code, cid.multihash),
      bytes: (function * () { yield bytesOf(cid) ?? new Uint8Array() })()
    }))))
    target.ask([a, b].map(block => wantOf(block)))
    await settled()
    expect(sink.events).to.deep.equal(['block a', 'block b'])
  })

  it('takes the next result once the router has taken the last', async () => {
    const from = batching(found)
    const { target, sink } = await started(from)
    const taken = Promise.withResolvers<void>()
    sink.taken = taken.promise
    target.ask([a, b].map(block => wantOf(block)))
    await settled()
    expect(sink.events).to.deep.equal(['block a'])
    taken.resolve()
    await settled()
    expect(sink.events).to.deep.equal(['block a', 'block b'])
  })

  it('gathers wants while as many batches are being read as may be', async () => {
    const gate = Promise.withResolvers<void>()
    const from = batching(async function * (cids) {
      await gate.promise
      yield * found(cids)
    })
    const { target } = await started(from, { concurrency: 1 })
    target.ask([a, b].map(block => wantOf(block)))
    await settled()
    target.ask([wantOf(c)])
    await settled()
    target.ask([wantOf(d)])
    await settled()
    gate.resolve()
    await settled()
    expect(from.batches.map(({ names }) => names)).to.deep.equal(['ab', 'cd'])
  })

  describe('that misbehaves', () => {
    const wants = [a, b, c].map(block => wantOf(block))

    it('one that ends early is asked one by one for the rest, and is reported', async () => {
      const from = batching(async function * ([cid]) { yield { cid, bytes: a.bytes } })
      const { target, sink } = await started(from)
      target.ask(wants)
      await settled()
      expect(from.gets).to.deep.equal(['b', 'c'])
      expect(sink.events).to.deep.equal(['block a', 'report: getMany ended before it had answered 2 of 3 blocks', 'block b', 'block c'])
      expect(sink.errors[0]).to.have.property('name', 'SourceError')
    })

    const throws: Record<string, SourceLike['getMany']> = {
      'at once': () => { throw new Error('disk on fire') },
      'after the first': async function * (cids) {
        const [cid] = cids
        yield { cid, bytes: a.bytes }
        throw new Error('disk on fire')
      }
    }

    for (const [when, getMany] of Object.entries(throws)) {
      it(`one that throws ${when} costs no other block its answer, and is reported`, async () => {
        const { target, sink } = await started(batching(found, { getMany }))
        target.ask(wants)
        await settled()
        expect(sink.events.filter(event => event.startsWith('block'))).to.have.members(['block a', 'block b', 'block c'])
        expect(sink.events.filter(event => event.startsWith('report'))).to.have.lengthOf(1)
        expect(sink.errors[0].message).to.match(/^getMany threw before it had answered [23] of 3 blocks: disk on fire$/)
      })
    }

    it('a blockstore that throws for what it does not have is read one by one, without a report', async () => {
      // eslint-disable-next-line require-yield
      const { target, sink } = await started(batching(async function * () { throw new NotFoundError('b') }))
      target.ask(wants)
      await settled()
      expect(sink.events).to.deep.equal(['block a', 'block b', 'block c'])
    })

    it('a block that it was not asked for is ignored, and reported', async () => {
      const stray = await fakeBlock('stray')
      const { target, sink } = await started(batching(async function * (cids) {
        yield { cid: stray.cid, bytes: stray.bytes }
        yield * found(cids)
        yield { cid: a.cid, bytes: a.bytes }
      }))
      target.ask(wants)
      await settled()
      expect(sink.events).to.deep.equal(['block a', 'block b', 'block c', 'report: getMany yielded 1 blocks that it was not asked for'])
    })
  })

  describe('when wants are cancelled', () => {
    interface Gated extends Batching { open (): void }

    function gated (): Gated {
      const gate = Promise.withResolvers<void>()
      const from = batching(async function * (cids, { signal, wanted }) {
        signal.addEventListener('abort', () => { gate.reject(signal.reason) })
        await gate.promise
        yield * found(cids.filter(wanted))
      })

      return Object.assign(from, { open: gate.resolve })
    }

    it('is told which blocks are still wanted, and reports nothing about the others', async () => {
      const from = gated()
      const { target, sink } = await started(from)
      target.ask([a, b, c].map(block => wantOf(block)))
      await settled()
      target.cancel([wantOf(b)])
      from.open()
      await settled()
      expect(sink.events).to.deep.equal(['block a', 'block c'])
      expect(from.gets).to.be.empty()
    })

    it('is aborted when none is wanted any more', async () => {
      const from = gated()
      const { target, sink } = await started(from)
      target.ask([a, b].map(block => wantOf(block)))
      await settled()
      target.cancel([wantOf(a)])
      expect(from.batches[0].options.signal.aborted).to.be.false()
      target.cancel([wantOf(b)])
      expect(from.batches[0].options.signal.aborted).to.be.true()
      await settled()
      expect(sink.events).to.be.empty()
      expect(from.gets).to.be.empty()
    })

    it('is aborted when the target stops', async () => {
      const from = gated()
      const { target, sink } = await started(from)
      target.ask([a, b].map(block => wantOf(block)))
      await settled()
      await target.stop()
      sink.closed = true
      expect(from.batches[0].options.signal.aborted).to.be.true()
      await settled()
    })
  })
})
