import { expect } from 'aegir/chai'
import { createMovement } from '../../src/metrics/movement.ts'

describe('movement', () => {
  it('compares which members were asked for blocks before and after, and which members are still there', () => {
    const moves = createMovement(3, 100)

    for (const [block, before, after] of [['stays', 0, 0], ['must', 2, 1], ['needless', 0, 1], ['needless too', 1, 0]] as const) {
      moves.asked(block, before, 50)
      moves.asked(block, after, 150)
    }

    moves.asked('only before', 1, 50)
    moves.asked('only after', 1, 150)
    expect(moves.moved(member => member !== 2)).to.deep.equal({ moved: 0.75, collateral: 0.5 })
  })

  it('has nothing to compare if no block is asked for twice', () => {
    const moves = createMovement(2, 100)
    moves.asked('a', 0, 1)
    moves.asked('b', 0, 101)
    expect(moves.moved(() => true)).to.deep.equal({})
    expect(moves.homeShare()).to.be.undefined()
  })

  it('counts the share of asks that go to a block\'s usual member', () => {
    const moves = createMovement(2, Infinity)

    for (let i = 0; i < 10; i++) {
      moves.asked('a', i < 8 ? 1 : 0, i)
    }

    moves.asked('too rare to say', 0, 11)
    expect(moves.homeShare()).to.equal(0.8)
    moves.warm()
    expect(moves.homeShare()).to.be.undefined()
  })
})
