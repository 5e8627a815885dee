import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import { source } from '../src/index.ts'
import { createDiscoveries } from '../src/router-discoveries.ts'
import type { Discovery, TargetInit } from '../src/index.ts'

const target = (id: string, init: Pick<TargetInit, 'weight' | 'labels'> = {}): TargetInit => source({ get: () => undefined }, { id, ...init })

/** The changes to the members by a discovery that finds these sets, one after another. */
async function follow (...sets: TargetInit[][]): Promise<string[]> {
  const done: string[] = []
  const found = Promise.withResolvers<void>()
  const discovery: Discovery = {
    name: 'test',
    async * discover () {
      yield * sets
      found.resolve()
    }
  }
  const discoveries = createDiscoveries({
    discoveries: [discovery],
    members: {
      add ({ id }) { done.push(`add ${id}`) },
      async remove (id) { done.push(`remove ${id}`) },
      update (id, change) {
        done.push(`update ${id} ${JSON.stringify(change)}`)

        if (change.labels?.tier === 'none') {
          throw new Error('the strategy cannot take it')
        }
      }
    },
    logger: defaultLogger(),
    log: defaultLogger().forComponent('test')
  })
  discoveries.start()
  await found.promise
  await discoveries.stop()

  return done
}

describe('router: discoveries', () => {
  it('changes weight and labels of a member only if the discovery finds other ones', async () => {
    expect(await follow(
      [target('a'), target('b', { weight: 2, labels: { zone: 'x' } })],
      [target('a'), target('b', { weight: 2, labels: { zone: 'x' } })],
      [target('a', { weight: 3 }), target('b', { weight: 2, labels: { zone: 'y' } })],
      [target('a'), target('b', { weight: 2 })]
    )).to.deep.equal([
      'add a',
      'add b',
      'update a {"weight":3,"labels":{}}',
      'update b {"weight":2,"labels":{"zone":"y"}}',
      'update a {"weight":1,"labels":{}}',
      'update b {"weight":2,"labels":{}}'
    ])
  })

  it('goes on when a change is refused', async () => {
    expect(await follow([target('a')], [target('a', { labels: { tier: 'none' } }), target('b')], [target('b')])).to.deep.equal([
      'add a',
      'update a {"weight":1,"labels":{"tier":"none"}}',
      'add b',
      'remove a'
    ])
  })
})
