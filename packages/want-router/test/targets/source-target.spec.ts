import { expect } from 'aegir/chai'
import { source } from '../../src/targets/source-target.ts'
import { fakeBlock, fakeContext, recordingSink, settled, wantOf } from './fixtures.ts'
import type { FakeBlock, RecordingSink } from './fixtures.ts'
import type { SourceInit, SourceLike, SourceReadOptions } from '../../src/targets/source-target.ts'
import type { Target } from '../../src/targets/target.ts'
import type { CID } from 'multiformats/cid'

class NotFoundError extends Error {
  name = 'NotFoundError'
}

describe('source target', () => {
  let blocks: FakeBlock[]
  let a: FakeBlock, b: FakeBlock, c: FakeBlock

  before(async () => {
    blocks = await Promise.all([...'abcdefghijklmnopqrstuvwxyz'].map(async name => fakeBlock(name)))
    ;[a, b, c] = blocks
  })

  function bytesOf (cid: CID): Uint8Array | undefined {
    return blocks.find(block => block.cid.equals(cid))?.bytes
  }

  function nameOf (cid: CID): string {
    return blocks.find(block => block.cid.equals(cid))?.name ?? '?'
  }

  async function started (from: SourceLike, init: Partial<SourceInit> = {}): Promise<{ target: Target, sink: RecordingSink }> {
    const target = source(from, { id: 'store', ...init }).create(fakeContext())
    const sink = recordingSink(key => blocks.find(block => block.key === key)?.name ?? '?')
    await target.start(sink)
    await settled()
    sink.events.length = 0
    return { target, sink }
  }

  it('is up after start, with four wants a read, none of which stay listed', async () => {
    const { id, weight, create } = source({ get: () => undefined }, { id: 'store', weight: 3, concurrency: 5, capacity: { bytes: 1000 } })
    const sink = recordingSink()
    const target = create(fakeContext())
    sink.closed = true
    const starting = target.start(sink)
    sink.closed = false
    await starting
    await settled()

    expect({ id, weight }).to.deep.equal({ id: 'store', weight: 3 })
    expect(sink.events).to.deep.equal(['up {"wants":20,"standing":0,"bytes":1000}'])
  })

  const shapes: Record<string, (bytes: Uint8Array) => ReturnType<SourceLike['get']>> = {
    'a promise of bytes': async bytes => bytes,
    bytes: bytes => bytes,
    'an async generator': async function * (bytes) { yield bytes },
    'an async generator of pieces': async function * (bytes) {
      for (let i = 0; i < bytes.length; i++) {
        yield bytes.subarray(i, i + 1)
      }
    },
    'a generator': function * (bytes) { yield bytes },
    'a promise of a generator': async bytes => [bytes]
  }

  for (const [shape, wrap] of Object.entries(shapes)) {
    it(`reads blocks that come as ${shape}`, async () => {
      const block = await fakeBlock('many bytes')
      const { target, sink } = await started({ get: () => wrap(block.bytes) })
      target.ask([wantOf(block)])
      await settled()

      expect(sink.events).to.deep.equal(['block many bytes'])
    })
  }

  it('reads an empty block', async () => {
    const empty = await fakeBlock('')
    const { target, sink } = await started({ get: async () => [] })
    target.ask([wantOf(empty)])
    await settled()

    expect(sink.events).to.deep.equal(['block '])
  })

  it('hands a block in one piece on without copying it, with the prefix of the CID that was asked', async () => {
    const { target, sink } = await started({ get: async () => a.bytes })
    const got: Uint8Array[] = []
    sink.block = (prefix, bytes) => {
      got.push(prefix, bytes)
      return undefined
    }
    target.ask([wantOf(a)])
    await settled()

    expect(got[0]).to.deep.equal(Uint8Array.of(0x01, 0x55, 0x12, 0x20))
    expect(got[1]).to.equal(a.bytes)
  })

  const misses: Record<string, SourceLike['get']> = {
    undefined: async () => undefined,
    'a NotFoundError': async () => { throw new NotFoundError('nope') },
    'a NotFoundError while iterating': async function * () {
      yield new Uint8Array(0)
      throw new NotFoundError('nope')
    },
    'a NotFoundError at once': () => { throw new NotFoundError('nope') },
    'the code of older stores': async () => { throw Object.assign(new Error('nope'), { code: 'ERR_NOT_FOUND' }) }
  }

  async function answers (from: SourceLike): Promise<string[]> {
    const { target, sink } = await started(from)
    target.ask([wantOf(a), wantOf(b, 'have')])
    await settled()
    return sink.events
  }

  for (const [miss, get] of Object.entries(misses)) {
    it(`takes ${miss} for a miss: a lack if the source is complete, else unknown`, async () => {
      expect(await answers({ get })).to.deep.equal(['dont-have a', 'dont-have b'])
      expect(await answers({ get, complete: true })).to.deep.equal(['dont-have a', 'dont-have b'])
      expect(await answers({ get, complete: false })).to.deep.equal(['unknown a', 'unknown b'])
    })
  }

  it('takes any other error for a failure, with its reason', async () => {
    const failures: Array<SourceLike['get']> = [
      async () => { throw new Error('disk on fire') },
      () => { throw new Error('disk on fire') },
      async function * () {
        yield new Uint8Array(1)
        throw new Error('disk on fire')
      }
    ]

    for (const get of failures) {
      const { target, sink } = await started({ complete: true, get })
      target.ask([wantOf(a)])
      await settled()

      expect(sink.events).to.deep.equal(['failed a'])
      expect(sink.errors).to.have.nested.property('[0].message', 'disk on fire')
    }
  })

  it('stops reading a block where no message could carry it', async () => {
    let read = 0
    const { target, sink } = await started({
      async * get () {
        for (;;) {
          read += 1 << 20
          yield new Uint8Array(1 << 20)
        }
      }
    })
    target.ask([wantOf(a)])
    await settled()

    expect(sink.events).to.deep.equal(['failed a'])
    expect(sink.errors).to.have.nested.property('[0].name', 'BlockTooLargeError')
    expect(read).to.equal(5 << 20)
  })

  it('answers want-haves by stat, by has, or else by get', async () => {
    const calls: string[] = []
    const get: SourceLike['get'] = async cid => {
      calls.push(`get ${nameOf(cid)}`)
      return cid.equals(a.cid) ? a.bytes : undefined
    }
    const has: SourceLike['has'] = async cid => {
      calls.push(`has ${nameOf(cid)}`)
      return cid.equals(a.cid)
    }
    const stat: SourceLike['stat'] = async cid => {
      calls.push(`stat ${nameOf(cid)}`)
      return cid.equals(a.cid) ? { size: 1 } : undefined
    }

    for (const [how, from] of Object.entries({ get: { get }, has: { get, has }, stat: { get, has, stat } })) {
      const { target, sink } = await started(from)
      target.ask([wantOf(a, 'have'), wantOf(b, 'have')])
      await settled()

      expect(calls.splice(0)).to.deep.equal([`${how} a`, `${how} b`])
      expect(sink.events).to.have.members(['have a', 'dont-have b'])
    }
  })

  it('tells the source for whom it reads', async () => {
    const seen: SourceReadOptions[] = []
    const { target } = await started({ get: async (_, options) => { seen.push(options); return undefined } })
    target.ask([wantOf(a, 'block', 'alice'), wantOf(b, 'block', 'bob')])
    await settled()

    expect(seen.map(({ session }) => session)).to.deep.equal(['alice', 'bob'])
    expect(seen.every(({ signal }) => !signal.aborted)).to.be.true()
  })

  it('reports nothing, and reads nothing, from inside ask', async () => {
    let reads = 0
    const { target, sink } = await started({ get: () => { reads++; return a.bytes } })
    sink.closed = true
    target.ask([wantOf(a)])
    expect(reads).to.equal(0)
    sink.closed = false
    await settled()

    expect(sink.events).to.deep.equal(['block a'])
  })

  it('does not answer for bytes that are no CID', async () => {
    const { target, sink } = await started({ get: async () => a.bytes })
    target.ask([{ ...wantOf(a), cid: Uint8Array.of(9, 9, 9) }])
    await settled()

    expect(sink.events).to.deep.equal(['unknown a'])
  })

  describe('with more wants than it may read at once', () => {
    /** A source whose reads end when the test says so. */
    interface Gated extends SourceLike {
      readonly begun: string[]
      readonly signals: Map<string, AbortSignal>
      release (name: string): void
    }

    function gated (heedless = false): Gated {
      const gates = new Map<string, PromiseWithResolvers<void>>()
      const begun: string[] = []
      const signals = new Map<string, AbortSignal>()

      return {
        begun,
        signals,
        release (name) { gates.get(name)?.resolve() },
        async get (cid, { signal }) {
          const name = nameOf(cid)
          const gate = Promise.withResolvers<void>()
          begun.push(name)
          signals.set(name, signal)
          gates.set(name, gate)

          if (!heedless) {
            signal.addEventListener('abort', () => { gate.reject(signal.reason) })
          }

          await gate.promise
          return bytesOf(cid)
        }
      }
    }

    it('reads only so many, in the order in which they were asked', async () => {
      const from = gated()
      const { target, sink } = await started(from, { concurrency: 2 })
      target.ask([a, b, c].map(block => wantOf(block)))
      await settled()
      expect(from.begun).to.deep.equal(['a', 'b'])

      from.release('b')
      await settled()
      expect(from.begun).to.deep.equal(['a', 'b', 'c'])
      expect(sink.events).to.deep.equal(['block b'])
    })

    it('reads 16 at once by default', async () => {
      const from = gated()
      const { target } = await started(from)
      target.ask(blocks.map(block => wantOf(block)))
      await settled()

      expect(from.begun).to.have.lengthOf(16)
    })

    it('begins no other read before the router has taken the block', async () => {
      const from = gated()
      const { target, sink } = await started(from, { concurrency: 1 })
      const taken = Promise.withResolvers<void>()
      sink.taken = taken.promise
      target.ask([wantOf(a), wantOf(b)])
      await settled()
      from.release('a')
      await settled()
      expect(sink.events).to.deep.equal(['block a'])
      expect(from.begun).to.deep.equal(['a'])

      taken.resolve()
      await settled()
      expect(from.begun).to.deep.equal(['a', 'b'])
    })

    it('calls a block failed that the router could not take', async () => {
      const { target, sink } = await started({ get: async () => a.bytes })
      sink.taken = Promise.reject(new Error('unknown hash function'))
      target.ask([wantOf(a)])
      await settled()

      expect(sink.events).to.deep.equal(['block a', 'failed a'])
    })

    it('forgets cancelled wants that have not begun, and aborts those that have', async () => {
      const from = gated()
      const { target, sink } = await started(from, { concurrency: 1 })
      target.ask([a, b, c].map(block => wantOf(block)))
      await settled()
      target.cancel([wantOf(a), wantOf(b)])
      await settled()

      expect(from.signals.get('a')?.aborted).to.be.true()
      expect(from.begun).to.deep.equal(['a', 'c'])
      expect(sink.events).to.be.empty()
    })

    it('reads again what was cancelled and is asked again', async () => {
      const from = gated()
      const { target, sink } = await started(from, { concurrency: 1 })
      target.ask([wantOf(a)])
      await settled()
      target.cancel([wantOf(a)])
      target.ask([wantOf(a)])
      await settled()
      from.release('a')
      await settled()

      expect(from.begun).to.deep.equal(['a', 'a'])
      expect(sink.events).to.deep.equal(['block a'])
    })

    it('turns a want-have that has not begun into the want-block that follows it', async () => {
      const from = gated()
      const { target, sink } = await started(from, { concurrency: 1 })
      target.ask([wantOf(a), wantOf(b, 'have')])
      await settled()
      target.ask([wantOf(b)])
      from.release('a')
      await settled()
      from.release('b')
      await settled()

      expect(from.begun).to.deep.equal(['a', 'b'])
      expect(sink.events).to.deep.equal(['block a', 'block b'])
    })

    it('answers both, if the want-have had begun', async () => {
      const from = gated()
      const { target, sink } = await started(from, { concurrency: 1 })
      target.ask([wantOf(a, 'have')])
      await settled()
      target.ask([wantOf(a)])
      from.release('a')
      await settled()
      from.release('a')
      await settled()

      expect(sink.events).to.deep.equal(['have a', 'block a'])
    })

    it('counts a read that ignores its signal until it ends, and drops its block', async () => {
      const from = gated(true)
      const { target, sink } = await started(from, { concurrency: 1 })
      target.ask([wantOf(a), wantOf(b)])
      await settled()
      target.cancel([wantOf(a)])
      await settled()
      expect(from.begun).to.deep.equal(['a'])

      from.release('a')
      await settled()
      expect(from.begun).to.deep.equal(['a', 'b'])
      expect(sink.events).to.be.empty()
    })

    it('aborts everything when stopped, and reports no more', async () => {
      const from = gated(true)
      const { target, sink } = await started(from, { concurrency: 2 })
      target.ask([a, b, c].map(block => wantOf(block)))
      await settled()
      await target.stop()
      sink.closed = true

      expect([...from.signals.values()].every(({ aborted }) => aborted)).to.be.true()
      from.release('a')
      from.release('b')
      await settled()
      expect(from.begun).to.deep.equal(['a', 'b'])
    })
  })

  it('refuses a concurrency that is not a whole number above 0', () => {
    for (const concurrency of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => source({ get: () => undefined }, { id: 'store', concurrency }))
        .to.throw(/source "store": concurrency/).with.property('name', 'InvalidOptionError')
    }
  })
})
