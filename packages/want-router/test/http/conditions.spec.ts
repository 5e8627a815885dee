import { expect } from 'aegir/chai'
import { matchesAny, matchesEtag, parseRange } from '../../src/http/conditions.ts'

const range = (range: string, ifRange?: string): ReturnType<typeof parseRange> =>
  parseRange({ headers: new Headers({ range, ...(ifRange == null ? {} : { 'if-range': ifRange }) }) }, '"tag"', 100)

describe('conditions of HTTP requests', () => {
  it('finds an entity tag among several, weak or strong', () => {
    expect(matchesEtag('"a", W/"tag" , "b"', '"tag"')).to.equal(true)
    expect(matchesEtag('"tag"', 'W/"tag"')).to.equal(true)
    expect(matchesEtag('"tags"', '"tag"')).to.equal(false)
    expect(matchesEtag(null, '"tag"')).to.equal(false)
    expect([matchesAny('*'), matchesAny('"*"'), matchesAny(null)]).to.deep.equal([true, false, false])
  })

  it('reads a range of bytes', () => {
    expect(range('bytes=0-9')).to.deep.equal({ start: 0, end: 9 })
    expect(range('bytes=90-')).to.deep.equal({ start: 90, end: 99 })
    expect(range('bytes=-10')).to.deep.equal({ start: 90, end: 99 })
    expect(range('bytes=-1000')).to.deep.equal({ start: 0, end: 99 })
    expect(range('bytes=50-1000')).to.deep.equal({ start: 50, end: 99 })
    expect(range('bytes=0-9', '"tag"')).to.deep.equal({ start: 0, end: 9 })
  })

  it('cannot satisfy a range outside of the block', () => {
    expect([range('bytes=100-'), range('bytes=200-300'), range('bytes=-0')]).to.deep.equal(Array(3).fill('unsatisfiable'))
  })

  it('sends everything if the range is malformed, one of several, or of another version', () => {
    expect([range('bytes=9-0'), range('bytes=a-b'), range('bytes=-'), range('lines=0-1'), range('bytes=0-1,5-6'), range('bytes=0-9', '"other"')]).to.deep.equal(Array(6).fill(undefined))
  })
})
