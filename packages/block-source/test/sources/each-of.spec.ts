import { expect } from 'aegir/chai'
import { eachOf } from '../../src/sources/each-of.ts'

/** A generator of arrays, how many were requested, and whether the consumer has left it. */
function arrays (...of: Array<readonly number[] | Error>): { readonly made: AsyncGenerator<readonly number[]>, asked (): number, isLeft (): boolean } {
  let [asked, left] = [0, false]

  async function * make (): AsyncGenerator<readonly number[]> {
    try {
      for (const one of of) {
        asked++
        await Promise.resolve()

        if (one instanceof Error) {
          throw one
        }

        yield one
      }
    } finally {
      left = true
    }
  }

  return { made: make(), asked: () => asked, isLeft: () => left }
}

describe('the items of arrays, one by one', () => {
  it('come in their order, empty arrays or not', async () => {
    const items: number[] = []

    for await (const item of eachOf(arrays([], [1, 2], [], [3], []).made)) {
      items.push(item)
    }

    expect(items).to.deep.equal([1, 2, 3])
  })

  it('request the next array only when one of its items is requested', async () => {
    const { made, asked } = arrays([1, 2], [3])
    const items = eachOf(made)
    await items.next()
    await items.next()
    expect(asked()).to.equal(1)
    await items.next()
    expect(asked()).to.equal(2)
  })

  it('may be requested before the previous one has arrived', async () => {
    const items = eachOf(arrays([1], [2, 3]).made)
    const next = await Promise.all(Array.from({ length: 5 }, async () => items.next()))
    expect(next.map(({ value }) => value)).to.deep.equal([1, 2, 3, undefined, undefined])
    expect(next.map(({ done }) => done)).to.deep.equal([false, false, false, true, true])
  })

  it('end the generator when the consumer leaves, after the items that it had requested', async () => {
    const { made, isLeft } = arrays([1, 2], [3])
    const items = eachOf(made)
    const first = items.next()
    const end = items.return?.()
    expect(await first).to.deep.equal({ done: false, value: 1 })
    expect(await end).to.deep.equal({ done: true, value: undefined })
    expect(isLeft()).to.equal(true)
    expect(await items.next()).to.deep.equal({ done: true, value: undefined })
  })

  it('fail once with the error of the generator, and end', async () => {
    const items = eachOf(arrays([1], new Error('broken')).made)
    expect(await items.next()).to.deep.equal({ done: false, value: 1 })
    const [failed, after] = await Promise.allSettled([items.next(), items.next()])
    expect(failed).to.have.nested.property('reason.message', 'broken')
    expect(after).to.deep.equal({ status: 'fulfilled', value: { done: true, value: undefined } })
  })
})
