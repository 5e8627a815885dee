import { expect } from 'aegir/chai'
import { createLines } from '../../src/refs/lines.ts'
import { settle } from '../support/clock.ts'

describe('refs: lines', () => {
  const all = async (lines: AsyncIterable<string>): Promise<string[]> => {
    const read: string[] = []

    for await (const line of lines) {
      read.push(line)
    }

    return read
  }

  it('are read by each reader from the beginning to the end', async () => {
    const lines = createLines({ max: 1000 })
    const first = all(lines.read())
    lines.push('a')
    const second = all(lines.read())
    lines.push('b')
    lines.end()

    expect(await Promise.all([first, second, all(lines.read())])).to.deep.equal([['a', 'b'], ['a', 'b'], ['a', 'b']])
  })

  it('throw the error with which they end, after what came before', async () => {
    const lines = createLines({ max: 1000 })
    const reader = lines.read()
    lines.push('a')
    lines.end(new Error('late'))

    expect(await reader.next()).to.deep.equal({ done: false, value: 'a' })
    await expect(reader.next()).to.eventually.be.rejectedWith('late')
  })

  it('wait for the slowest reader once it is too far behind', async () => {
    const lines = createLines({ max: 100 })
    const [fast, slow] = [lines.read(), lines.read()]
    let placed = 0

    const write = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) {
        lines.push('0123456789')
        await lines.available()
        placed++
      }

      lines.end()
    }

    const written = write()
    const read = all(fast)
    await settle()

    expect(placed).to.equal(9)
    expect(lines.isFull).to.be.true()
    const late = await all(slow)
    await written
    expect([(await read).length, late.length]).to.deep.equal([100, 100])
    expect(lines.whole, 'a late reader would miss lines').to.be.false()
  })

  it('no longer wait for a reader that leaves, or is expelled', async () => {
    for (const how of ['leaves', 'is expelled'] as const) {
      const lines = createLines({ max: 20 })
      const [fast, slow] = [lines.read(), lines.read()]
      lines.push('0123456789')
      lines.push('0123456789')
      const placed = lines.available()
      await fast.next()
      await fast.next()

      if (how === 'leaves') {
        await slow.return?.()
      } else {
        lines.expel(new Error('too slow'))
        await expect(slow.next()).to.eventually.be.rejectedWith('too slow')
      }

      await placed
      expect((await slow.next()).done).to.be.true()
    }
  })
})
