import { expect } from 'aegir/chai'
import { settled, wantOf } from './fixtures.ts'
import { blocks, bytesOf, nameOf, started } from './source-fixtures.ts'
import type { SourceLike } from '../../src/targets/source-like.ts'

const [a, b, c] = blocks

describe('source target: with more wants than it may read at once', () => {
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

  it('reads only as many as it may, in the order in which they were asked', async () => {
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

  it('reports a failure for a block that the router could not take', async () => {
    const { target, sink } = await started({ get: async () => a.bytes })
    sink.taken = Promise.reject(new Error('unknown hash function'))
    target.ask([wantOf(a)])
    await settled()

    expect(sink.events).to.deep.equal(['block a', 'failed a'])
  })

  it('forgets cancelled wants whose reads have not begun, and aborts the other reads', async () => {
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

  it('reads a block again that was cancelled and is asked again', async () => {
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
    const { target, sink } = await started(from, { concurrency: 1, inlineBlock: 0 })
    target.ask([wantOf(a, 'have')])
    await settled()
    target.ask([wantOf(a)])
    from.release('a')
    await settled()
    from.release('a')
    await settled()

    expect(sink.events).to.deep.equal(['have a of 1', 'block a'])
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
