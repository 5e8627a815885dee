import { expect } from 'aegir/chai'
import { source } from '../../src/targets/source-target.ts'
import { fakeBlock, fakeContext, recordingSink, settled, wantOf } from './fixtures.ts'
import { blocks, nameOf, started } from './source-fixtures.ts'
import type { SourceLike, SourceReadOptions } from '../../src/targets/source-like.ts'
import type { SourceInit } from '../../src/targets/source-target.ts'

class NotFoundError extends Error {
  name = 'NotFoundError'
}

const [a, b] = blocks

describe('source target', () => {
  it('is up after start, with a capacity of four wants for each read, and keeps no standing wants', async () => {
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

  it('passes a block in one piece on without a copy, with the prefix of the CID that was asked', async () => {
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
    it(`takes ${miss} for a miss: a DONT_HAVE if the source is complete, otherwise unknown`, async () => {
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

  it('stops reading a block that no message could carry', async () => {
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
      const { target, sink } = await started(from, { inlineBlock: 0 })
      target.ask([wantOf(a, 'have'), wantOf(b, 'have')])
      await settled()

      expect(calls.splice(0)).to.deep.equal([`${how} a`, `${how} b`])
      // `has` does not tell the size
      expect(sink.events).to.have.members([how === 'has' ? 'have a' : 'have a of 1', 'dont-have b'])
    }
  })

  it('answers a want-have for a small block with the block, if its size is known before it is read, or it has been read', async () => {
    for (const [from, answer] of [
      [{ get: () => a.bytes, stat: async () => ({ size: 1 }) }, 'block a'],
      [{ get: () => a.bytes }, 'block a'],
      [{ get: () => a.bytes, has: () => true }, 'have a'],
      [{ get: () => a.bytes, stat: async () => ({}) }, 'have a'],
      [{ get: () => undefined, stat: async () => ({ size: 1 }) }, 'dont-have a']
    ] as const) {
      const { target, sink } = await started(from)
      target.ask([wantOf(a, 'have')])
      await settled()

      expect(sink.events).to.deep.equal([answer])
    }
  })

  it('reads no small block that is no longer wanted when its size is known', async () => {
    const size = Promise.withResolvers<{ size: number }>()
    let reads = 0
    const { target, sink } = await started({
      get: () => {
        reads++

        return a.bytes
      },
      stat: async () => size.promise
    })
    target.ask([wantOf(a, 'have')])
    await settled()
    target.cancel([wantOf(a, 'have')])
    size.resolve({ size: 1 })
    await settled()

    expect([reads, sink.events]).to.deep.equal([0, []])
  })

  it('tells the source for which client it reads', async () => {
    const seen: SourceReadOptions[] = []
    const { target } = await started({
      get: async (_, options) => {
        seen.push(options)

        return undefined
      }
    })
    target.ask([wantOf(a, 'block', 'alice'), wantOf(b, 'block', 'bob')])
    await settled()

    expect(seen.map(({ session }) => session)).to.deep.equal(['alice', 'bob'])
    expect(seen.every(({ signal }) => !signal.aborted)).to.be.true()
  })

  it('reports nothing, and reads nothing, from inside ask', async () => {
    let reads = 0
    const { target, sink } = await started({
      get: () => {
        reads++

        return a.bytes
      }
    })
    sink.closed = true
    target.ask([wantOf(a)])
    expect(reads).to.equal(0)
    sink.closed = false
    await settled()

    expect(sink.events).to.deep.equal(['block a'])
  })

  it('does not answer for bytes that are not a CID', async () => {
    const { target, sink } = await started({ get: async () => a.bytes })
    target.ask([{ ...wantOf(a), cid: Uint8Array.of(9, 9, 9) }])
    await settled()

    expect(sink.events).to.deep.equal(['unknown a'])
  })

  it('reports no size that a block cannot have', async () => {
    for (const size of [-1, 1.5, NaN, '1', (4 << 20) + 1, undefined]) {
      const { target, sink } = await started({ get: () => a.bytes, stat: async () => ({ size }) })
      target.ask([wantOf(a, 'have')])
      await settled()

      expect(sink.events).to.deep.equal(['have a'])
    }
  })

  it('refuses anything that is not a source, and a source without a name, with a sentence', () => {
    const get = (): undefined => undefined
    const refused: Array<[unknown, unknown, RegExp]> = [
      [{}, { id: 'store' }, /source "store": a source has a method get\(cid\).+ and not undefined/],
      [{ get: new Map() }, { id: 'store' }, /and not another object/],
      ['/cars', { id: 'store' }, /source "store": a source is an object.+not the string "\/cars"/],
      [get, { id: 'store' }, /not a function/],
      [Promise.resolve({ get }), { id: 'store' }, /get\(cid\)/],
      [{ get, getMany: [] }, { id: 'store' }, /getMany of a source must be a method, not another object/],
      [{ get }, undefined, /id is missing/],
      [{ get }, { id: '' }, /id is missing/]
    ]

    for (const [from, init, why] of refused) {
      expect(() => source(from as SourceLike, init as SourceInit)).to.throw(why).with.property('name', 'InvalidOptionError')
    }
  })

  it('refuses a concurrency that is not a whole number above 0', () => {
    for (const concurrency of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => source({ get: () => undefined }, { id: 'store', concurrency }))
        .to.throw(/source "store": concurrency/).with.property('name', 'InvalidOptionError')
    }
  })
})
