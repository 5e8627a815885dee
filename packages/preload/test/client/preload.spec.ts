import { expect } from 'aegir/chai'
import { preload, preloadClient } from '../../src/client/preload.ts'
import { InvalidOptionError, PreloadError } from '../../src/errors.ts'
import { manualClock, settle } from '../support/clock.ts'
import { leaf, node } from '../support/dag.ts'
import type { PreloadClientOptions, PreloadingNode } from '../../src/client/preload.ts'
import type { TestBlock } from '../support/dag.ts'

const line = (n: number): string => `{"Ref":"${n}","Err":""}\n`

describe('the client of preload', () => {
  let root: TestBlock
  const blocks = new Map<string, Uint8Array>()
  const dialled: unknown[] = []
  const asked: string[] = []

  before(async () => {
    const leaves = await Promise.all(['a', 'b'].map(leaf))
    root = await node(...leaves, leaves[0])

    for (const { cid, bytes } of [...leaves, root]) {
      blocks.set(cid.toString(), bytes)
    }
  })

  beforeEach(() => {
    dialled.splice(0)
    asked.splice(0)
  })

  const from: PreloadingNode = {
    libp2p: { peerId: 'me', dial: async address => { dialled.push(address) } },
    blockstore: {
      async * get (cid) {
        const bytes = blocks.get(cid.toString())

        if (bytes == null) {
          throw new Error('not here')
        }

        yield bytes.subarray(0, 1)
        yield bytes.subarray(1)
      }
    }
  }

  /** Answers in order. */
  const answering = (...answers: Array<() => Response>): NonNullable<PreloadClientOptions['fetch']> => async url => {
    asked.push(url)

    return (answers.shift() as () => Response)()
  }

  const complete = (): Response => new Response(`${line(1)}${line(2)}`)

  const cutOff = (): Response => {
    const chunks = [line(1)]

    return new Response(new ReadableStream({
      pull (controller) {
        const chunk = chunks.shift()

        if (chunk == null) {
          controller.error(new TypeError('terminated'))
        } else {
          controller.enqueue(new TextEncoder().encode(chunk))
        }
      }
    }))
  }

  it('resolves when a node has all of it', async () => {
    const progress: number[] = []
    const result = await preload(from, root.cid, { nodes: [{ url: 'http://one/', address: '/dns/one' }], fetch: answering(complete), onProgress: safe => { progress.push(safe) } })

    expect(result).to.deep.equal({ node: 'http://one/', safe: 3, total: 3 })
    expect(progress).to.deep.equal([1, 2, 3])
    expect(dialled).to.deep.equal(['/dns/one'])
    expect(asked).to.deep.equal([`http://one/api/v0/refs?r=true&u=true&arg=${root.cid}&peer=me`])
  })

  it('has options that all calls share, before which those of a call go', async () => {
    const leave = preloadClient({ nodes: [{ url: 'http://one' }], fetch: answering(complete, complete) })

    expect((await leave(from, root.cid)).node).to.equal('http://one')
    expect((await leave(from, root.cid, { nodes: [{ url: 'http://two' }] })).node).to.equal('http://two')
    await expect(preloadClient()(from, root.cid)).to.eventually.be.rejectedWith(InvalidOptionError)
  })

  it('continues with the next node when one fails, or its answer breaks off', async () => {
    const result = await preload(from, root.cid, { nodes: [{ url: 'http://one' }, { url: 'http://two' }, { url: 'http://three' }], fetch: answering(() => new Response('', { status: 502 }), cutOff, complete) })

    expect(result.node).to.equal('http://three')
  })

  it('tries again after a pause, which a node may ask for', async () => {
    const timers = manualClock()
    const result = preload(from, root.cid, { nodes: [{ url: 'http://one' }], timers, fetch: answering(cutOff, () => new Response('', { status: 429, headers: { 'retry-after': '10' } }), complete) })
    await settle()
    expect(asked).to.have.lengthOf(1)
    timers.pass(1000)
    await settle()
    expect(asked).to.have.lengthOf(2)
    timers.pass(9999)
    await settle()
    expect(asked).to.have.lengthOf(2)
    timers.pass(1)

    expect((await result).safe).to.equal(3)
  })

  it('continues with the next node when one is silent, from the start or in the middle of its answer', async () => {
    const timers = manualClock()

    const silentFrom = (lines: number): NonNullable<PreloadClientOptions['fetch']> => async (url, { signal }) => {
      asked.push(url)
      const { promise, reject } = Promise.withResolvers<never>()
      promise.catch(() => {})
      signal?.addEventListener('abort', () => { reject(signal.reason) })

      return lines === 0
        ? promise
        : new Response(new ReadableStream({
          start (controller) { controller.enqueue(new TextEncoder().encode(line(1))) },
          pull: async () => promise
        }))
    }

    const answers = [silentFrom(0), silentFrom(1), answering(complete)]
    const result = preload(from, root.cid, {
      nodes: ['http://one', 'http://two', 'http://three'].map(url => ({ url })),
      rounds: 1,
      stallTimeout: 1000,
      timers,
      fetch: async (url, init) => (answers.shift() as NonNullable<PreloadClientOptions['fetch']>)(url, init)
    })

    for (const nodes of [1, 2]) {
      await settle()
      timers.pass(999)
      await settle()
      expect(asked).to.have.lengthOf(nodes)
      timers.pass(1)
    }

    expect((await result).node).to.equal('http://three')
    expect(timers.pending).to.equal(0)
  })

  it('gives a node that answers slowly the time that it needs', async () => {
    const timers = manualClock()
    const lines = [line(1), line(2), '']
    const result = preload(from, root.cid, {
      nodes: [{ url: 'http://one' }],
      stallTimeout: 1000,
      timers,
      fetch: async () => new Response(new ReadableStream({
        async pull (controller) {
          await new Promise<void>(resolve => { timers.after(900, resolve) })
          const text = lines.shift()

          if (text === '' || text == null) {
            controller.close()
          } else {
            controller.enqueue(new TextEncoder().encode(text))
          }
        }
      }, { highWaterMark: 0 }))
    })

    for (let i = 0; i < 3; i++) {
      await settle()
      timers.pass(900)
    }

    expect((await result).safe).to.equal(3)
  })

  it('says how many blocks of how many are safe when none has all', async () => {
    const failure = await preload(from, root.cid, { nodes: [{ url: 'http://one' }, { url: 'http://two' }], rounds: 1, fetch: answering(cutOff, () => new Response('', { status: 503 })) }).catch(err => err)

    expect(failure).to.be.an.instanceOf(PreloadError).that.includes({ safe: 1, total: 3 })
    expect(failure.message).to.include('http://one: terminated; http://two: it answered 503')
  })

  it('ends when the signal aborts', async () => {
    const stopping = new AbortController()
    const timers = manualClock()
    const result = preload(from, root.cid, { nodes: [{ url: 'http://one' }], timers, fetch: answering(cutOff), signal: stopping.signal })
    await settle()
    stopping.abort(new Error('enough'))

    await expect(result).to.eventually.be.rejectedWith('enough')
    expect(timers.pending).to.equal(0)
  })

  it('refuses an empty list of nodes', async () => {
    await expect(preload(from, root.cid, { nodes: [] })).to.eventually.be.rejectedWith(InvalidOptionError)
  })
})
