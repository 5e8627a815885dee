import { rendezvous } from '@kitsune/want-router'
import { expect } from 'aegir/chai'
import { memberRanking } from '../src/member-ranking.ts'
import { leaf } from './support/dag.ts'
import type { RouterMemberStatus, WantRouter } from '@kitsune/want-router'

const member = (id: string, changes: Partial<RouterMemberStatus> = {}): RouterMemberStatus => ({
  id,
  generation: 0,
  state: 'up',
  draining: false,
  weight: 1,
  labels: {},
  load: { wants: 0, bytes: 0 },
  window: 1 << 20,
  pendingBytes: 0,
  totals: { asks: 0, blocks: 0, bytes: 0, haves: 0, dontHaves: 0, failures: 0, timeouts: 0, unsolicited: 0, ejections: 0 },
  since: 0,
  ...changes
})

describe('the ranking of members', () => {
  let members: RouterMemberStatus[]
  const router = { status: () => ({ members }) } as unknown as Pick<WantRouter, 'status'>

  const ranking = (lists: (id: string) => boolean = () => true): ReturnType<typeof memberRanking> => memberRanking({
    router,
    strategy: rendezvous(),
    find: id => lists(id) ? { id, async * refs () {} } : undefined
  })

  it('leaves out members whose bitswap does not work, whatever their RPC answers', async () => {
    members = [member('up'), member('down', { state: 'down' }), member('ejected', { state: 'ejected' }), member('draining', { state: 'draining', draining: true }), member('leaving', { draining: true })]

    expect(ranking()((await leaf('a')).cid).map(({ id }) => id)).to.deep.equal(['up'])
  })

  it('follows the changing states of members', async () => {
    const { cid } = await leaf('a')
    const rank = ranking()
    members = [member('a'), member('b', { state: 'ejected' })]
    expect(rank(cid).map(({ id }) => id)).to.deep.equal(['a'])
    members = [member('a', { state: 'down' }), member('b')]
    expect(rank(cid).map(({ id }) => id)).to.deep.equal(['b'])
    members = []
    expect(rank(cid)).to.be.empty()
  })

  it('has the order of the strategy, which spreads roots over members', async () => {
    members = ['a', 'b', 'c'].map(id => member(id))
    const rank = ranking()
    const orders = await Promise.all(Array.from({ length: 40 }, async (_, i) => rank((await leaf(`${i}`)).cid).map(({ id }) => id)))

    expect(new Set(orders.map(([first]) => first))).to.have.property('size', 3)
    expect(orders.every(order => order.toSorted().join() === 'a,b,c')).to.be.true()
    expect(rank((await leaf('7')).cid).map(({ id }) => id)).to.deep.equal(orders[7])
  })

  it('leaves out members that cannot be asked for refs, such as one without an RPC', async () => {
    members = ['a', 'b'].map(id => member(id))

    expect(ranking(id => id === 'b')((await leaf('a')).cid).map(({ id }) => id)).to.deep.equal(['b'])
  })
})
