import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'

describe('engine: the size that comes with a HAVE', () => {
  const block = testBlock(1, 100_000)

  it('is the expected size of the block when it is asked for', () => {
    for (const size of [undefined, 100_000]) {
      const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: 256 << 10 } })
      b.want('p', entry(block, { wantType: 'have' }))
      b.engine.put({ t: 'answer', member: 'a', key: block.key, answer: 'have', size })
      b.flush()
      b.want('p', entry(block))
      expect(b.engine.status().members[0].load).to.deep.equal({ wants: 1, bytes: size ?? 256 << 10 })
      b.block('a', block)
      expect(b.engine.status().members[0].load).to.deep.equal({ wants: 0, bytes: 0 })
    }
  })

  it('does not count if the member was not asked', () => {
    const b = bench({ limits: { expectedBlock: 256 << 10 } })
    b.want('p', entry(block, { wantType: 'have' }))
    b.engine.put({ t: 'answer', member: 'b', key: block.key, answer: 'have', size: 1 })
    b.flush()
    b.want('p', entry(block))
    expect(b.engine.status().members[0].load.bytes).to.equal(256 << 10)
  })
})
