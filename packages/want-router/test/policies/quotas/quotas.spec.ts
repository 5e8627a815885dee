import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { memoryQuotaStore } from '../../../src/policies/quotas/quota-store.ts'
import { quotas } from '../../../src/policies/quotas/quotas.ts'
import { askFor } from '../denylist/fixtures.ts'
import type { Ask, SettledWant, Verdict } from '../../../src/policies/policy.ts'
import type { QuotaStore } from '../../../src/policies/quotas/quota-store.ts'
import type { Quotas, QuotasInit } from '../../../src/policies/quotas/quotas.ts'

const A = 'QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR'
const HOUR = 3_600_000

function ask (client = 'client', address = '/ip4/192.0.2.1/tcp/1'): Ask {
  return askFor(A, client, address)
}

function sent (bytes: number, client = 'client'): SettledWant {
  return { client, cid: CID.parse(A), type: 'block', outcome: 'block', bytes, ms: 1 }
}

function started (init: QuotasInit): Quotas & { clock: { now: number } } {
  const clock = { now: 24 * HOUR * 1000 }

  return Object.assign(quotas({ ...init, now: () => clock.now }), { clock })
}

async function verdict (policy: Quotas, asked = ask()): Promise<Verdict | undefined> {
  const first = policy.admit(asked)

  return first === 'defer' ? (await policy.resolve?.([asked], new AbortController().signal))?.[0] : first
}

describe('quotas', () => {
  it('caps the blocks of a client in an hour, until the hour is over', async () => {
    const policy = started({ perClient: { blocksPerHour: 2 } })

    for (const expected of ['pass', 'pass', 'silent', 'silent']) {
      expect(policy.admit(ask())).to.equal(expected)
      expected === 'pass' && policy.settled?.(sent(1))
    }

    expect(policy.admit(ask('another'))).to.equal('pass')
    policy.clock.now += HOUR - 1
    expect(policy.admit(ask())).to.equal('silent')
    policy.clock.now += 1
    expect(policy.admit(ask())).to.equal('pass')
  })

  it('caps bytes per day, with the configured verdict', async () => {
    const policy = started({ perClient: { bytesPerDay: 1000 }, atCap: 'close' })
    policy.admit(ask())
    policy.settled?.(sent(999))
    expect(policy.admit(ask())).to.equal('pass')
    policy.settled?.(sent(500))
    policy.clock.now += 23 * HOUR
    expect(policy.admit(ask())).to.equal('close')
    policy.clock.now += HOUR
    expect(policy.admit(ask())).to.equal('pass')
  })

  it('caps an address, whatever ids it takes, and a network of IPv6', () => {
    const policy = started({ perAddress: { blocksPerHour: 1 } })
    const seen = (client: string, address: string): unknown => policy.admit(ask(client, address))

    seen('a', '/ip4/192.0.2.1/tcp/1')
    policy.settled?.(sent(1, 'a'))
    seen('b', '/ip6/2001:db8::1/tcp/1')
    policy.settled?.(sent(1, 'b'))
    expect(seen('c', '/ip4/192.0.2.1/tcp/2/ws')).to.equal('silent')
    expect(seen('d', '/ip6/2001:db8:0:0:ffff::9/tcp/1')).to.equal('silent')
    expect(seen('e', '/ip4/192.0.2.2/tcp/1')).to.equal('pass')
    expect(seen('f', '/ip6/2001:db8:0:1::1/tcp/1')).to.equal('pass')
  })

  it('caps all clients together', () => {
    const policy = started({ total: { blocksPerDay: 1 } })
    policy.admit(ask('a'))
    policy.settled?.(sent(1, 'a'))

    expect(policy.admit(ask('b', '/ip4/192.0.2.9/tcp/1'))).to.equal('silent')
  })

  it('remembers a client that leaves and comes back, and forgets the one not seen for longest if there are too many', () => {
    const policy = started({ perClient: { blocksPerHour: 1 }, maxRemembered: 2 })
    policy.admit(ask('a'))
    policy.settled?.(sent(1, 'a'))
    policy.gone?.('a')
    expect(policy.admit(ask('a'))).to.equal('silent')
    policy.admit(ask('b'))
    policy.admit(ask('c'))
    expect(policy.usage('a')).to.equal(undefined)
  })

  it('drops a client after a number of misses in a row, and for a while when it comes back', async () => {
    const policy = started({ maxMisses: 3, dropFor: 1000 })
    const held = new Map([[A, Uint8Array.of(1)]])
    const source = policy.watch({ get: async cid => held.get(cid.toString()) })
    const options = { session: 'client', signal: new AbortController().signal }
    const missing = CID.parse('QmVTF1yEejXd9iMgoRTFDxBv7HAz9kuZcQNBzHrceuK9HR')
    expect(policy.admit(ask())).to.equal('pass')

    for (const cid of [missing, missing, CID.parse(A), missing, missing]) {
      await source.get(cid, options)
      expect(policy.admit(ask())).to.equal('pass')
    }

    await source.get(missing, options)
    expect(policy.admit(ask())).to.equal('close')
    expect(policy.admit(ask('another'))).to.equal('pass')
    expect(policy.usage('client')).to.deep.equal({ asks: 7, hits: 1, misses: 5, missesInARow: 0, blocks: 0, bytes: 0 })
    policy.clock.now += 1000
    expect(policy.admit(ask())).to.equal('pass')
  })

  it('counts results of getMany and stat, but not failures', async () => {
    const policy = started({})
    policy.admit(ask())
    const cid = CID.parse(A)
    const source = policy.watch({
      get: async () => { throw new Error('failed') },
      stat: async () => undefined,
      async * getMany () {
        yield { cid, bytes: Uint8Array.of(1) }
        yield { cid }
        yield { cid, error: new Error('failed') }
      }
    })
    const options = { session: 'client', signal: new AbortController().signal, wanted: () => true }

    for await (const result of source.getMany?.([], options) ?? []) {
      expect(result.cid).to.equal(cid)
    }

    await source.stat?.(cid, options)
    await expect(source.get(cid, options)).to.be.rejected()
    expect(policy.usage('client')).to.include({ hits: 1, misses: 2 })
  })

  it('refuses a cap of 0', () => {
    expect(() => quotas({ total: { blocksPerDay: 0 } })).to.throw().with.property('name', 'InvalidOptionError')
  })

  describe('with a store', () => {
    it('holds for all processes together, and asks the store for parts of the cap, not for each want', async () => {
      let calls = 0
      const memory = memoryQuotaStore(() => 0)
      const store: QuotaStore = {
        take: async (...args) => {
          calls++

          return memory.take(...args)
        }
      }
      const processes = [1, 2].map(() => started({ total: { blocksPerHour: 500 }, store }))
      let passed = 0

      for (let i = 0; i < 1000; i++) {
        if (await verdict(processes[i % 2]) === 'pass') {
          passed++
          processes[i % 2].settled?.(sent(1))
        }
      }

      expect(passed).to.equal(500)
      expect(calls).to.be.below(60)
    })

    it('counts alone while the store fails, unless configured otherwise', async () => {
      const store: QuotaStore = { take: async () => { throw new Error('down') } }
      const errors: unknown[] = []
      const alone = started({ total: { blocksPerHour: 2 }, store, onError: err => { errors.push(err) } })

      for (const expected of ['pass', 'pass', 'silent']) {
        expect(await verdict(alone)).to.equal(expected)
        alone.settled?.(sent(1))
      }

      expect(errors).to.have.length(2)
      expect(await verdict(started({ total: { blocksPerHour: 2 }, store, storeFailure: 'close' }))).to.equal('close')
    })

    it('shares the cap again when the store answers, with what was used meanwhile', async () => {
      const memory = memoryQuotaStore(() => 0)
      let down = true
      const store: QuotaStore = {
        take: async (...args) => {
          if (down) { throw new Error('down') }

          return memory.take(...args)
        }
      }
      const [one, other] = [1, 2].map(() => started({ total: { blocksPerHour: 100 }, store }))

      const passes = async (policy: Quotas, wants: number): Promise<number> => {
        let passed = 0

        for (let i = 0; i < wants; i++) {
          if (await verdict(policy) === 'pass') {
            passed++
            policy.settled?.(sent(1))
          }
        }

        return passed
      }

      expect(await passes(one, 60)).to.equal(60)
      down = false
      expect(await passes(one, 10)).to.equal(10)
      expect(await passes(other, 100)).to.be.within(28, 30)
      expect(await passes(one, 100)).to.be.at.most(2)
    })

    it('passes a want below the cap though earlier ones use up the lease while the store is asked, or the hour ends', async () => {
      const memory = memoryQuotaStore(() => 0)
      const meanwhile: Array<() => void> = []
      const store: QuotaStore = {
        take: async (...args) => {
          const got = await memory.take(...args)
          meanwhile.shift()?.()

          return got
        }
      }
      const policy = started({ total: { blocksPerHour: 100 }, store })
      expect(await verdict(policy)).to.equal('pass')
      // the lease is two blocks; five wants were passed when it was open
      policy.settled?.(sent(1))
      policy.settled?.(sent(1))
      meanwhile.push(() => { [1, 2, 3].forEach(() => { policy.settled?.(sent(1)) }) })
      expect(await verdict(policy), 'when the lease was used up').to.equal('pass')
      policy.settled?.(sent(1))
      meanwhile.push(() => { policy.clock.now += HOUR })
      expect(await verdict(policy), 'when the hour ended').to.equal('pass')
    })

    it('refuses wants while the store answers with no number', async () => {
      const policy = started({ total: { blocksPerHour: 100 }, store: { take: async () => NaN } })

      expect(await verdict(policy)).to.equal('silent')
    })
  })
})
