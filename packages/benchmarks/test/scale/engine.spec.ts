import { expect } from 'aegir/chai'
import { SCALE_STRATEGIES, scaleCases } from '../../src/scale/grid.ts'
import { createRig } from '../../src/scale/rig.ts'
import { createServed } from '../../src/scale/served.ts'
import { SLICE_CASES } from '../../src/scale/slices.ts'
import { createWants } from '../../src/scale/wants.ts'
import type { SliceCase } from '../../src/scale/slices.ts'

describe('scale', function () {
  this.timeout(60_000)

  it('has no case with more wants than clients may have', () => {
    for (const strategy of SCALE_STRATEGIES) {
      for (const { clients, wants } of scaleCases(strategy)) {
        expect(wants / clients).to.be.at.most(1024)
      }
    }
  })

  it('measures a million wants, but not if it is to be quick', () => {
    const most = (quick: boolean): number => Math.max(...scaleCases({ cost: 'constant', most: true }, quick).map(({ wants }) => wants))

    expect(most(false)).to.equal(1_000_000)
    expect(most(true)).to.equal(100_000)
  })

  for (const { name, strategy } of SCALE_STRATEGIES) {
    it(`serves every want with ${name}, though there are more than members have capacity for`, () => {
      const served = createServed({ strategy, clients: 30, members: 3, down: 5 })
      const figure = served.run(9_000, 1, 30_000)

      expect(figure).to.include({ clients: 30, members: 3, down: 5, wants: 9_000, cut: false })
      expect(figure.cpu).to.be.above(0)
      expect(figure.picks).to.be.within(1, 10)
    })
  }

  it('says of each run whether it was cut off, by a limit that is for that run alone', () => {
    const served = createServed({ strategy: 'maglev', clients: 10, members: 2 })

    expect(served.run(100, 1, 30_000).cut).to.equal(false)
    expect(served.run(9_000, 100, 1).cut).to.equal(true)
  })

  for (const name of Object.keys(SLICE_CASES) as SliceCase[]) {
    it(`measures calls and picks of the case ${name}`, () => {
      for (const { count, ms, longest, picks, allPicks } of SLICE_CASES[name]('round-robin', 0.02)) {
        expect(count).to.be.above(0)
        expect(longest).to.be.within(0, ms)
        expect(allPicks).to.be.at.least(picks)
      }
    })
  }

  it('asks each of 100 members once if none has the block', () => {
    const rig = createRig({ strategy: 'round-robin', members: 100 })
    const asked: string[] = []
    rig.message('client', createWants()(1))

    do {
      rig.flush()
      rig.answer(1, ask => {
        asked.push(ask.member)
        rig.dontHave(ask)
      })
    } while (rig.open > 0 || rig.dirty)

    expect(asked).to.have.length(100)
    expect(new Set(asked)).to.have.property('size', 100)
  })
})
