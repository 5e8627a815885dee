import { boundedLoad, leastLoaded, rendezvous } from '@kitsune/want-router'
import { fakeEnv, fakeMember, fakeWant, ranking, strategyTests } from '@kitsune/want-router/testing'
import { describe, expect, it } from 'vitest'
import { zoneAware } from '../src/zone-aware.ts'
import type { FakeMember } from '@kitsune/want-router/testing'

strategyTests(zoneAware('zone-1'), {
  name: 'zone-aware, over rendezvous, obeys the laws of a strategy',
  wrap: inner => zoneAware('zone-1', inner),
  test: { describe, it }
})

strategyTests(boundedLoad(zoneAware('zone-1')), {
  name: 'bounded load over zone-aware obeys the laws of a strategy',
  test: { describe, it }
})

describe('zone-aware', () => {
  function members (): FakeMember[] {
    return [
      fakeMember('b1', { labels: { zone: 'b' } }),
      fakeMember('a1', { labels: { zone: 'a' } }),
      fakeMember('b2', { labels: { zone: 'b' } }),
      fakeMember('a2', { labels: { zone: 'a' } }),
      fakeMember('nowhere')
    ]
  }

  function rankings (members: readonly FakeMember[], factory = zoneAware('a')): string[][] {
    const strategy = factory(fakeEnv())
    strategy.update(members)

    return Array.from({ length: 100 }, (_, key) => ranking(strategy, fakeWant(key)))
  }

  it('ranks its own zone before the others', () => {
    for (const ids of rankings(members())) {
      expect(ids.slice(0, 2).sort()).toEqual(['a1', 'a2'])
    }
  })

  it('ranks within a zone as the inner strategy does', () => {
    const strategy = zoneAware('a', leastLoaded())(fakeEnv())
    const [b1, a1, ...rest] = members()
    b1.load.wants = 1
    a1.load.wants = 1
    strategy.update([b1, a1, ...rest])

    expect(ranking(strategy, fakeWant('key'))[0]).toBe('a2')
    expect(ranking(strategy, fakeWant('key'))[4]).toBe('b1')
  })

  it('ignores zones while its own is much busier than the others', () => {
    const crowd = members()
    const [, a1, , a2] = crowd
    a1.load.wants = 4
    a2.load.wants = 3

    expect(rankings(crowd)).toEqual(rankings(crowd, rendezvous()))
    a1.load.wants = 3
    expect(rankings(crowd).every(([first]) => first.startsWith('a'))).toBe(true)
  })

  it('ranks its own zone first if there is no other, even if it is busy', () => {
    const alone = members().filter(({ labels }) => labels.zone === 'a')
    alone[0].load.wants = 500

    for (const ids of rankings(alone)) {
      expect([...ids].sort()).toEqual(['a1', 'a2'])
    }
  })

  it('ignores zones while no member of its own zone is up', () => {
    const stranded = members()

    for (const member of stranded) {
      member.state = member.labels.zone === 'a' ? 'ejected' : 'up'
    }

    expect(rankings(stranded)).toEqual(rankings(stranded, rendezvous()))
  })
})
