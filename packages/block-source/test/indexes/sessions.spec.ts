import { expect } from 'aegir/chai'
import { Miniflare } from 'miniflare'
import { createBudget, kvSessions } from '../../src/index.ts'
import { Sessions } from '../../src/indexes/sessions.ts'
import { SharedReads } from '../../src/indexes/shared-reads.ts'
import type { KvLike, SessionsInit, SessionStore } from '../../src/index.ts'

const TTL = 3_600_000

/** A store that counts its calls, and fails on demand. */
function counting (): SessionStore & { readonly sets: string[], gets: number, failing: boolean, readonly values: Map<string, readonly string[]> } {
  const self = {
    sets: [] as string[],
    gets: 0,
    failing: false,
    values: new Map<string, readonly string[]>(),
    async get (session: string) {
      self.gets++
      self.fail()

      return self.values.get(session)
    },
    async set (session: string, cars: readonly string[]) {
      self.fail()
      self.sets.push(cars.join())
      self.values.set(session, cars)
    },
    fail () {
      if (self.failing) {
        throw new Error('KV is out of order')
      }
    }
  }

  return self
}

describe('sessions', () => {
  let now: number
  const sessions = (init: SessionsInit = {}, maxCars = 10): Sessions => new Sessions({ now: () => now, ...init }, maxCars)
  const lookup = () => ({ reads: new SharedReads() }) // eslint-disable-line @typescript-eslint/explicit-function-return-type

  beforeEach(() => {
    now = 1e9
  })

  it('are known to a process that has not seen them, with the CARs of the last root first', async () => {
    const store = counting()
    const here = sessions({ sessions: store })
    await here.remember('a', ['1', '2'], lookup())
    now += 1_000
    await here.remember('a', ['3'], lookup())

    const there = sessions({ sessions: store })
    expect(await there.carsOf('a', lookup())).to.deep.equal(['3', '2', '1'])
    expect(await there.carsOf('b', lookup())).to.deep.equal([])
  })

  it('are read once, and written no more than once a second', async () => {
    const store = counting()
    const all = sessions({ sessions: store })

    for (let i = 0; i < 20; i++) {
      await all.carsOf('a', lookup())
      await all.remember('a', [`${i}`], lookup())
      now += 100
    }

    expect(store.gets).to.equal(1)
    expect(store.sets).to.have.lengthOf(2)
    // the next lookup writes what could not be written yet
    await all.carsOf('a', lookup())
    expect(store.sets.at(-1)).to.equal('10,11,12,13,14,15,16,17,18,19')
    now += 5_000
    await all.remember('a', ['19'], lookup())
    await all.carsOf('a', lookup())
    expect(store.sets).to.have.lengthOf(3)
  })

  it('are written again when half of their time to live is over, if the client keeps reading', async () => {
    const store = counting()
    const all = sessions({ sessions: store })
    await all.remember('a', ['1'], lookup())

    for (let i = 0; i < 4; i++) {
      now += TTL / 4 + 1
      await all.carsOf('a', lookup())
    }

    expect(store.sets).to.deep.equal(['1', '1', '1'])
  })

  it('are an error while the store fails; afterwards they are complete, and the store has lost nothing', async () => {
    const store = counting()
    store.values.set('a', ['1'])
    store.failing = true
    const all = sessions({ sessions: store })
    await expect(all.carsOf('a', lookup())).to.eventually.be.rejectedWith('KV is out of order')
    await all.remember('a', ['2'], lookup())
    expect(store.values.get('a')).to.deep.equal(['1'])

    store.failing = false
    now += 1_000
    expect(await all.carsOf('a', lookup())).to.deep.equal(['2', '1'])
    expect(store.values.get('a')).to.deep.equal(['1', '2'])
  })

  it('stay known while writes fail, and are written later', async () => {
    const store = counting()
    const all = sessions({ sessions: store })
    await all.carsOf('a', lookup())
    store.failing = true
    await all.remember('a', ['1'], lookup())
    expect(await all.carsOf('a', lookup())).to.deep.equal(['1'])
    store.failing = false
    await all.carsOf('a', lookup())
    expect(store.sets).to.deep.equal(['1'])
  })

  it('of clients that found nothing do not displace others', async () => {
    const all = sessions({ maxSessions: 2 })
    await all.remember('a', ['1'], lookup())

    for (let i = 0; i < 10; i++) {
      expect(await all.carsOf(`nothing-${i}`, lookup())).to.deep.equal([])
    }

    expect(await all.carsOf('a', lookup())).to.deep.equal(['1'])
  })
})

describe('sessions in Workers KV', function () {
  this.timeout(30_000)

  let worker: Miniflare
  let kv: KvLike

  before(async () => {
    worker = new Miniflare({ modules: true, script: 'export default {}', kvNamespaces: ['KV'] })
    kv = await worker.getKVNamespace('KV') as unknown as KvLike
  })

  after(async () => {
    await worker?.dispose()
  })

  it('are kept, with a time to live that KV takes', async () => {
    const store = kvSessions({ kv })
    expect(await store.get('a')).to.equal(undefined)
    await store.set('a', ['1', '2'], 1)
    expect(await store.get('a')).to.deep.equal(['1', '2'])
  })

  it('ignore values that are not lists of names', async () => {
    for (const value of ['', '{', '{}', '[1]', 'null']) {
      await kv.put('session/b', value, { expirationTtl: 60 })
      expect(await kvSessions({ kv }).get('b')).to.equal(undefined)
    }
  })

  it('are charged to a budget', async () => {
    const budget = createBudget({ limit: 2 })
    const store = kvSessions({ kv, budget, prefix: 'x/' })
    await store.get('a')
    await store.set('a', [], 1)
    expect(budget.spent).to.include({ read: 1, list: 1 })
    await expect(store.get('a')).to.eventually.be.rejected.with.property('name', 'BudgetExceededError')
  })
})
