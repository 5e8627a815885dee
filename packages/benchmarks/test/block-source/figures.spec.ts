import { expect } from 'aegir/chai'
import { blockSourceFigures, printBlockSource } from '../../src/block-source/figures.ts'

describe('figures of block sources', function () {
  this.timeout(60_000)

  it('are taken of blocks that are all read, and print as a table', async () => {
    const figures = await blockSourceFigures({ rounds: 1, sizes: [4 << 20, 1 << 18], wants: 10, mapBlocks: 20_000 })
    expect(figures.reading.map(({ blocks, blockSize }) => [blocks, blockSize])).to.deep.equal([[16, 1 << 18], [256, 1 << 10]])
    expect(figures.map.bytesPerBlock).to.be.within(51.25, 52)

    for (const { source, sourceOneByOne, indexedReader, loop } of figures.reading) {
      expect([source, sourceOneByOne, indexedReader, loop].every(rate => rate > 0)).to.equal(true)
    }

    for (const { source, batching, simple } of figures.reads.many) {
      expect(source).to.be.at.most(0.15)
      expect([batching, simple]).to.deep.equal([1 / 16, 1])
    }

    expect(figures.reads.random).to.deep.equal({ cold: 3, warm: 1 })
    expect(printBlockSource(figures).split('\n')).to.have.lengthOf(4 + 1 + 4 + 1 + 4)
  })
})
