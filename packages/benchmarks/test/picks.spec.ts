import { expect } from 'aegir/chai'
import { PICKED, pickFigures, printPicks } from '../src/picks.ts'

describe('picks', function () {
  this.timeout(120_000)

  it('leave less than 200 bytes of garbage under every strategy, and print as a table', () => {
    const figures = pickFigures({ quick: true })
    expect(figures).to.have.length(PICKED.length * 2)

    for (const { strategy, members, ns, bytes } of figures) {
      expect(bytes, `${strategy} of ${members}`).to.be.within(0, 200)
      expect(ns, `${strategy} of ${members}`).to.be.within(5, 100_000)
    }

    expect(printPicks(figures).split('\n')).to.have.length(PICKED.length + 2)
  })
})
