import { expect } from 'aegir/chai'
import { RecentMap } from '../src/recent-map.ts'

describe('RecentMap', () => {
  it('forgets what was set longest ago, and never holds more than its limit', () => {
    const map = new RecentMap<number, string>(4)

    for (let i = 0; i < 5; i++) {
      map.set(i, `${i}`)
    }

    expect([0, 1, 2, 3, 4].map(i => map.get(i))).to.deep.equal([undefined, undefined, '2', '3', '4'])
  })

  it('keeps what is set again, and has nothing of what was deleted', () => {
    const map = new RecentMap<number, string>(4)

    for (let i = 0; i < 100; i++) {
      map.set(i, `${i}`)
      map.set(-1, 'again')
    }

    expect(map.get(-1)).to.equal('again')
    map.delete(-1)
    expect(map.get(-1)).to.equal(undefined)
  })
})
