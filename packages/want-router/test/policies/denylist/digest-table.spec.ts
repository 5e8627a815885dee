import { createHash } from 'node:crypto'
import { expect } from 'aegir/chai'
import { DigestTable } from '../../../src/policies/denylist/digest-table.ts'

const digest = (i: number): Uint8Array => createHash('sha256').update(String(i)).digest()

describe('DigestTable', () => {
  it('keeps whether digests are denied while it grows', () => {
    const table = new DigestTable()

    for (let i = 0; i < 5000; i++) {
      table.set(digest(i), i % 3 > 0)
    }

    expect(table.size).to.equal(5000)

    for (let i = 0; i < 5000; i++) {
      expect(table.get(digest(i)), String(i)).to.equal(i % 3 > 0)
    }

    expect(table.get(digest(5000))).to.equal(undefined)
  })

  it('distinguishes digests that begin alike, also at the end of the table', () => {
    const table = new DigestTable()
    const alike = [1, 2, 3].map(last => Uint8Array.from({ length: 32 }, (_, i) => i === 31 ? last : 255))

    table.set(alike[0], true)
    table.set(alike[1], false)
    expect(alike.map(each => table.get(each))).to.deep.equal([true, false, undefined])
  })

  it('keeps what was set last', () => {
    const table = new DigestTable()
    table.set(digest(1), true)
    table.set(digest(1), false)

    expect([table.size, table.get(digest(1))]).to.deep.equal([1, false])
  })

  it('takes no digest of another length', () => {
    const table = new DigestTable()
    table.set(digest(1).subarray(0, 20), true)

    expect(table.size).to.equal(0)
  })
})
