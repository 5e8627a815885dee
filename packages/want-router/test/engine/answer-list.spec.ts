import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { addAnswer, countAnswers, findAnswer, removeAnswer } from '../../src/engine/answer-list.ts'
import type { Answer, Answers, EngineMember } from '../../src/engine/model.ts'

const answer = (id: string, at: number): Answer => ({ member: { id } as unknown as EngineMember, what: 'have', epoch: 0, at })

describe('the answers of members', () => {
  it('are those of a Map, whether they are few or many', () => {
    // more are added than removed, so that many runs get to have many
    const change = fc.record({ id: fc.nat(14).map(String), remove: fc.nat(4).map(i => i === 0) })

    fc.assert(fc.property(fc.array(change, { maxLength: 60 }), changes => {
      const expected = new Map<string, Answer>()
      let answers: Answers | undefined

      changes.forEach(({ id, remove }, at) => {
        if (remove) {
          expected.delete(id)
          answers = removeAnswer(answers, id)
        } else {
          expected.set(id, answer(id, at))
          answers = addAnswer(answers, answer(id, at))
        }

        expect(countAnswers(answers)).to.equal(expected.size)
        expect([...answers?.values() ?? []]).to.deep.equal([...expected.values()])
        expect(findAnswer(answers, id)).to.deep.equal(expected.get(id))
      })
    }), { seed: 1, numRuns: 500 })
  })

  it('there are none at first', () => {
    expect(countAnswers(undefined)).to.equal(0)
    expect(findAnswer(undefined, 'a')).to.equal(undefined)
    expect(removeAnswer(undefined, 'a')).to.equal(undefined)
  })
})
