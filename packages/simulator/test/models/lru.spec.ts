import { expect } from 'aegir/chai'
import { createLru } from '../../src/models/lru.ts'

describe('lru', () => {
  it('evicts the least recently used block', () => {
    const cache = createLru(2)
    cache.add('a')
    cache.add('b')
    expect(cache.touch('a')).to.equal(true)
    cache.add('c')
    expect(['a', 'b', 'c'].map(key => cache.touch(key))).to.deep.equal([true, false, true])
  })

  it('holds a block once', () => {
    const cache = createLru(2)

    for (const key of ['a', 'b', 'a', 'a']) {
      cache.add(key)
    }

    expect(cache.touch('b')).to.equal(true)
    cache.clear()
    expect(cache.touch('a')).to.equal(false)
  })
})
