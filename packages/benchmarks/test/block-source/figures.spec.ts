import { expect } from 'aegir/chai'
import { blockSourceBars } from '../../src/block-source/bars.ts'
import { blockSourceFigures, printBlockSource } from '../../src/block-source/figures.ts'

describe('figures of block sources', function () {
  this.timeout(60_000)

  it('are taken of blocks that are all read, and print as a table', async () => {
    const figures = await blockSourceFigures({ rounds: 1, sizes: [4 << 20, 1 << 18], wants: 10, mapBlocks: 200_000 })
    expect(figures.reading.map(({ blocks, blockSize }) => [blocks, blockSize])).to.deep.equal([[16, 1 << 18], [256, 1 << 10]])
    expect(figures.map.bytesPerBlock).to.be.within(52, 52.5)

    for (const { perSecond, perCpuSecond } of figures.reading) {
      expect(Object.values({ ...perSecond, ...perCpuSecond }).every(rate => rate > 0)).to.equal(true)
    }

    const [inOrder, shuffled, cold, warm] = figures.reads

    for (const { source, dynamo, objects, batching, simple } of [inOrder, shuffled]) {
      // of a little more than 4 MiB
      expect(source).to.deep.equal({ index: 2 / 16, car: 2 / 16 })
      expect(dynamo).to.deep.equal({ index: 1, car: 2 / 16 })
      expect(objects).to.deep.equal({ index: 0, car: 1 })
      // what it asks for at once is what claims have come of by then
      expect(batching).to.have.property('index', 1)
      expect(batching.car).to.be.within(1 / 16, 1)
      expect(simple).to.deep.equal({ index: 1, car: 1 })
    }

    expect(cold).to.deep.include({ source: { index: 2, car: 1 }, dynamo: { index: 1, car: 1 }, objects: { index: 0, car: 1 }, batching: { index: 1, car: 1 }, simple: { index: 1, car: 1 } })
    expect(warm).to.deep.include({ source: { index: 0, car: 1 }, dynamo: { index: 1, car: 1 }, objects: { index: 0, car: 1 }, batching: { index: 0, car: 1 }, simple: { index: 0, car: 1 } })

    // neither rates of so few blocks nor milliseconds of a loaded machine say anything
    const bars = blockSourceBars(figures).filter(({ bar }) => !/×|, ms$/.test(bar))
    expect(bars.filter(({ passed }) => !passed)).to.deep.equal([])
    expect(bars).to.have.lengthOf(6)
    expect(printBlockSource(figures).split('\n')).to.have.lengthOf(6 + 1 + 6 + 1 + 3 + 1 + 17)
  })
})
