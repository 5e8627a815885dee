import { expect } from 'aegir/chai'
import { wantError } from '../../src/local/want-error.ts'
import type { EndedWant } from '../../src/local/want-error.ts'

describe('wantError', () => {
  const LIFETIME = 1000
  const nameOf = (end: EndedWant): string | undefined => wantError(end, 'bafy', LIFETIME)?.name

  const names: Array<[EndedWant['outcome'], string | undefined]> = [
    ['block', undefined],
    ['cancelled', undefined],
    ['gone', undefined],
    ['dont-have', 'NotFoundError'],
    ['evicted', 'WantEvictedError'],
    ['expired', 'WantExpiredError'],
    ['refused', 'WantRefusedError']
  ]

  for (const [outcome, name] of names) {
    it(`${outcome} is ${name ?? 'reported in another way'}`, () => {
      expect(nameOf({ outcome, ms: 1 })).to.equal(name)
    })
  }

  it('tells from the age of a want that had a HAVE whether it was evicted', () => {
    expect(nameOf({ outcome: 'have', ms: LIFETIME })).to.equal('WantExpiredError')
    expect(nameOf({ outcome: 'have', ms: LIFETIME - 1 })).to.equal('WantEvictedError')
  })

  it('names the verdict of a policy, whatever the client has received', () => {
    for (const verdict of ['silent', 'unknown', 'absent', 'close'] as const) {
      for (const outcome of ['refused', 'dont-have'] as const) {
        expect(wantError({ outcome, ms: 1, verdict }, 'bafy', LIFETIME)).to.include({ name: 'WantRefusedError', reason: verdict })
      }
    }
  })
})
