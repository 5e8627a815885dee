import { expect } from 'aegir/chai'
import { createIdleRanking } from '../src/idle-ranking.ts'
import type { Connection } from '@libp2p/interface'

interface Rig {
  /** How long each has been idle, ms. */
  readonly idle: Map<string, number>
  /** The connections that the ranking has looked at. */
  readonly asked: string[]
  first (): string | undefined
  /** A connection closes. */
  forget (name: string): void
  pass (ms: number): void
}

function rankingOf (all: ReadonlyArray<{ name: string, address: string, idle: number }>): Rig {
  const connections = new Map(all.map(({ name, address }) => [{ id: name } as unknown as Connection, { address }]))
  const idle = new Map(all.map(({ name, idle }) => [name, idle]))
  const asked: string[] = []
  let now = 0
  const ranking = createIdleRanking({
    connections: () => connections,
    connectionsOf: address => [...connections.values()].filter(held => held.address === address).length,
    idleTime ({ id }) {
      asked.push(id)

      return idle.get(id) ?? 0
    },
    now: () => now
  })

  return {
    idle,
    asked,
    first: () => ranking.first()?.id,
    forget (name) {
      for (const [connection, { address }] of connections) {
        if (connection.id === name) {
          connections.delete(connection)
          ranking.forget(connection, address)
        }
      }
    },
    pass (ms) { now += ms }
  }
}

describe('the ranking of idle connections', () => {
  it('has those of the address with the most first, and of these the longest idle', () => {
    const { first, forget } = rankingOf([
      { name: 'a', address: 'x', idle: 9000 },
      { name: 'b', address: 'y', idle: 500 },
      { name: 'c', address: 'y', idle: 800 },
      { name: 'd', address: 'y', idle: 100 }
    ])
    const order: string[] = []

    for (let name = first(); name != null; name = first()) {
      order.push(name)
      forget(name)
    }

    // d has not been idle for long enough; a is alone at its address
    expect(order).to.deep.equal(['c', 'b', 'a'])
  })

  it('passes over one that has become active since it was listed', () => {
    const { first, idle } = rankingOf([{ name: 'a', address: 'x', idle: 9000 }, { name: 'b', address: 'x', idle: 800 }])
    expect(first()).to.equal('a')
    idle.set('a', 0)
    expect(first()).to.equal('b')
  })

  it('keeps nothing of connections that have closed, however long no new client comes', () => {
    const names = Array.from({ length: 100 }, (_, i) => `${i}`)
    const { first, forget, asked } = rankingOf(names.map(name => ({ name, address: `${Number(name) % 10}`, idle: 1000 })))
    first()
    asked.length = 0
    names.forEach(forget)
    expect(first()).to.equal(undefined)
    expect(asked).to.be.empty()
  })

  it('lists anew a quarter of a second later', () => {
    const { first, idle, pass } = rankingOf([{ name: 'a', address: 'x', idle: 0 }])
    expect(first()).to.equal(undefined)
    idle.set('a', 1000)
    expect(first()).to.equal(undefined)
    pass(250)
    expect(first()).to.equal('a')
  })
})
