import { seededRandom } from '@kitsune/want-router/testing'
import { expect } from 'aegir/chai'
import { createBlockPicker } from '../../src/models/popularity.ts'
import type { Popularity } from '../../src/scenario/schema.ts'

const N = 50_000

function counts (popularity: Popularity): Map<number, number> {
  const random = seededRandom(3)
  const next = createBlockPicker(popularity, { next: 0 })
  const counts = new Map<number, number>()

  for (let i = 0; i < N; i++) {
    const block = next(random)
    counts.set(block, (counts.get(block) ?? 0) + 1)
  }

  return counts
}

describe('popularity', () => {
  it('Zipf: the first block is asked for twice as often as the second, ten times as often as the tenth', () => {
    const seen = counts({ kind: 'zipf', blocks: 100, s: 1 })
    const first = seen.get(0) ?? 0
    // the 100th harmonic number is 5.187
    expect(first / N).to.be.closeTo(1 / 5.187, 0.01)
    expect((seen.get(1) ?? 0) / first).to.be.closeTo(1 / 2, 0.03)
    expect((seen.get(9) ?? 0) / first).to.be.closeTo(1 / 10, 0.02)
    expect(Math.max(...seen.keys())).to.equal(99)
  })

  it('uniform: all alike', () => {
    const seen = counts({ kind: 'uniform', blocks: 10 })
    expect([...seen.values()].every(count => Math.abs(count - N / 10) < N / 100)).to.equal(true)
    expect(seen).to.have.property('size', 10)
  })

  it('hot: one has its share, the others the rest', () => {
    const seen = counts({ kind: 'hot', share: 0.5, blocks: 11 })
    expect((seen.get(0) ?? 0) / N).to.be.closeTo(0.5, 0.01)
    expect((seen.get(7) ?? 0) / N).to.be.closeTo(0.05, 0.01)
  })

  it('new and absent: no block twice', () => {
    expect(counts({ kind: 'new' })).to.have.property('size', N)
    expect(counts({ kind: 'absent' })).to.have.property('size', N)
  })
})
