import { expect } from 'aegir/chai'
import { createDigestTable } from '../../src/gate/digests.ts'
import { alike } from '../support/key-digest.ts'

const key = (n: number): string => `\x12\x20${String(n).padStart(32, 'x')}`

describe('gate: digests', () => {
  it('contains the blocks that were added, with their least depths, and no others', () => {
    const table = createDigestTable(100_000, { used: 0, max: 64 << 20 })

    const all = Array.from({ length: 50_000 }, (_, n) => n)

    expect(all.filter(n => !table.add(key(n), n % 7))).to.be.empty()
    expect(table.size).to.equal(50_000)
    expect(all.filter(n => table.depth(key(n)) !== n % 7)).to.be.empty()
    expect(table.depth(key(50_000))).to.be.undefined()
    table.add(key(6), 2)
    table.add(key(2), 5)
    expect([table.depth(key(6)), table.depth(key(2)), table.size]).to.deep.equal([2, 2, 50_000])
  })

  it('distinguishes keys with the same end: another function, another length, another beginning', () => {
    const end = 'the last sixteen bytes'.slice(-16)
    const alike = [`\x12\x20${'a'.repeat(16)}${end}`, `\x12\x20${'b'.repeat(16)}${end}`, `\x16\x20${'a'.repeat(16)}${end}`, `\x12\x10${end}`, end, end.slice(1), `\0\x02${'ab'}`, `\0\x02${'cb'}`, '\0\x01b']

    for (const added of alike) {
      const table = createDigestTable(10, { used: 0, max: 1 << 20 })
      table.add(added, 1)
      expect(alike.filter(key => table.depth(key) != null)).to.deep.equal([added])
    }
  })

  it('reports once that a block has to be expanded, and remembers that while it grows', () => {
    const table = createDigestTable(1000, { used: 0, max: 1 << 20 })
    table.add(key(1), 3)

    expect([table.isExpanded(key(1)), table.expand(key(1)), table.expand(key(1)), table.expand(key(2))]).to.deep.equal([false, true, false, false])

    for (let n = 2; n < 500; n++) {
      table.add(key(n), 1)
    }

    expect([table.isExpanded(key(1)), table.depth(key(1)), table.isExpanded(key(2))]).to.deep.equal([true, 3, false])
  })

  it('does not match another key with the same digest while the whole key is kept', () => {
    const table = createDigestTable(10, { used: 0, max: 1 << 20 }, alike(({ length }) => length))
    table.add('one', 1)
    table.hold('one')

    expect([table.depth('one'), table.depth('two')]).to.deep.equal([1, undefined])
    expect([table.add('two', 0), table.depth('one'), table.depth('two')], 'one that is added').to.deep.equal([true, 1, undefined])
    expect([table.expand('two'), table.isExpanded('two'), table.expand('one'), table.isExpanded('two')]).to.deep.equal([false, false, true, false])
    // the first one stays
    table.hold('two')
    table.release('two')
    expect([table.depth('one'), table.depth('two')]).to.deep.equal([1, undefined])
    table.release('one')
    expect(table.depth('two')).to.equal(1)
  })

  it('accepts no more blocks than it may, and returns its memory', () => {
    const memory = { used: 0, max: 4000 }
    const [few, many] = [createDigestTable(10, memory), createDigestTable(1000, memory)]

    expect(Array.from({ length: 11 }, (_, n) => few.add(key(n), 0)).lastIndexOf(true)).to.equal(9)
    expect(few.add(key(3), 0), 'one that is there').to.be.true()
    expect(Array.from({ length: 1000 }, (_, n) => many.add(key(n), 0))).to.include(false)
    expect(memory.used).to.be.at.most(memory.max)
    few.free()
    many.free()
    expect([memory.used, few.size, few.depth(key(1))]).to.deep.equal([0, 0, undefined])
  })
})
