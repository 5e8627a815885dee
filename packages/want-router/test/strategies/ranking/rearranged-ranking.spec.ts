import { expect } from 'aegir/chai'
import { reuseRanking, toRanking } from '../../../src/strategies/ranking/ranking.ts'
import { RearrangedRanking } from '../../../src/strategies/ranking/rearranged-ranking.ts'
import { fakeMembers, fakeWant } from '../fixtures.ts'
import type { Member } from '../../../src/strategies/strategy.ts'

const MEMBERS = fakeMembers(5)

function ids (ranked: Iterable<Member>): string[] {
  return Array.from(ranked, ({ id }) => id.replace('member-', ''))
}

describe('a rearranged ranking', () => {
  it('has some first and some last, the rest as it was, and none twice', () => {
    const taken: string[] = []
    const rearranged = reuseRanking(() => new RearrangedRanking({
      start (_, first) {
        first.add(MEMBERS[3])

        return MEMBERS
      },
      delay: ({ id }) => id === 'member-0' ? 2 : id === 'member-2' ? 1 : 0,
      taken: ({ id }) => { taken.push(id) }
    }))

    expect(ids(rearranged().reset(fakeWant('key')))).to.deep.equal(['3', '1', '4', '2', '0'])
    expect(taken).to.deep.equal(['member-3'])

    for (const { id } of rearranged().reset(fakeWant('key'))) {
      if (id === 'member-4') {
        break
      }
    }

    expect(taken).to.deep.equal(['member-3', 'member-4'])
  })

  it('takes no member if none was pulled', () => {
    const rearranged = new RearrangedRanking({
      start: () => expect.fail('it was started'),
      taken: () => expect.fail('a member was taken')
    })
    rearranged.open = true
    rearranged.reset(fakeWant('key')).return()
  })

  it('closes the inner ranking when it is closed, also if that is a generator', () => {
    let closed = false

    function * inner (): Generator<Member, undefined> {
      try {
        yield * MEMBERS
      } finally {
        closed = true
      }
    }

    const rearranged = new RearrangedRanking({ start: () => toRanking(inner()) })
    rearranged.open = true

    const [first] = rearranged.reset(fakeWant('key'))
    expect(first).to.equal(MEMBERS[0])
    expect(closed).to.equal(true)
  })
})
