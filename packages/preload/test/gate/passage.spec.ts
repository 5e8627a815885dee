import { expect } from 'aegir/chai'
import { DEFAULT_PRELOAD_LIMITS } from '../../src/defaults.ts'
import { createDigestTable } from '../../src/gate/digests.ts'
import { DEFAULT_LINK_CODECS } from '../../src/gate/links.ts'
import { OpenPassage } from '../../src/gate/passage.ts'
import { leaf, node } from '../support/dag.ts'
import { alike } from '../support/key-digest.ts'
import type { TestBlock } from '../support/dag.ts'

describe('passage: keys with one digest', () => {
  let a: TestBlock
  let root: TestBlock
  let other: TestBlock

  before(async () => {
    a = await leaf('a')
    root = await node(a)
    other = await leaf('other')
  })

  /** For the root of a request, with a digest that takes keys for one another. */
  const open = (by: (key: string) => number): OpenPassage => {
    const passage = new OpenPassage({ roots: [root.cid], maxDepth: -1 }, {
      limits: DEFAULT_PRELOAD_LIMITS,
      codecs: DEFAULT_LINK_CODECS,
      table: createDigestTable(100, { used: 0, max: 1 << 20 }, alike(by)),
      admitted () {},
      joined () {},
      grown () {},
      changed () {},
      closed () {}
    })
    passage.begin()

    return passage
  }

  it('admits only the root by the digest of the root, even after the root has arrived', () => {
    const passage = open(() => 1)
    expect([passage.admits(root.key), passage.admits(other.key)]).to.deep.equal([true, false])
    passage.asked(root.key)
    passage.verified(root)
    // its link is left out as well: the request fails, and nothing is admitted
    expect([passage.admits(root.key), passage.admits(other.key), passage.admits(a.key)]).to.deep.equal([true, false, false])
  })

  it('admits no second key by the digest of a link while a client is asked for the first', () => {
    const passage = open(key => key === root.key ? 1 : 2)
    passage.verified(root)
    expect(passage.admits(a.key)).to.equal(true)
    passage.asked(a.key)
    expect([passage.admits(a.key), passage.admits(other.key)]).to.deep.equal([true, false])
    passage.verified(other)
    expect(passage.isRead(a.key)).to.equal(false)
    passage.verified(a)
    expect(passage.isRead(a.key)).to.equal(true)
  })
})
