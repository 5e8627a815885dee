import { expect } from 'aegir/chai'
import { peerTarget, source } from '../src/index.ts'
import { entry, testBlock } from './engine/harness.ts'
import { until } from './network/hosts.ts'
import { createRouterRig, holding } from './router-rig.ts'
import type { RouterNode } from './router-rig.ts'
import type { RouterMemberStatus } from '../src/index.ts'

describe('wantRouter: routers that ask one another in a ring', function () {
  this.timeout(30_000)

  const rig = createRouterRig()

  afterEach(async () => { await rig.stop() })

  const next = ({ services: { router } }: RouterNode): RouterMemberStatus | undefined => router.status().members.find(({ id }) => id === 'next')

  /** Each router asks its own source and the next router, and the last asks the first. */
  async function ring (length: number): Promise<RouterNode[]> {
    const routers: RouterNode[] = []

    for (let i = 0; i < length; i++) {
      const to = (): RouterNode => routers[(i + 1) % length]
      routers.push(await rig.node({
        downstream: await rig.host({ addresses: {} }),
        targets: [
          source(holding(testBlock(i)), { id: 'own' }),
          peerTarget({ id: 'next', locate: async () => ({ peer: to().peerId, addresses: to().getMultiaddrs() }), retry: { minDelay: 50, maxDelay: 100 } })
        ]
      }))
    }

    return routers
  }

  for (const length of [3, 4]) {
    it(`${length} of them: one gives up the next and says why, and no want goes in a circle`, async () => {
      const routers = await ring(length)
      const down = (): RouterNode[] => routers.filter(router => next(router)?.why?.includes('leads back to this router') === true)
      await until('one has given up the next', () => down().length === 1)
      await until('the others are connected', () => routers.filter(router => next(router)?.state === 'up').length === length - 1)

      // a block of the last router is found through all others
      const last = routers.indexOf(down()[0])
      const first = routers[(last + 1) % length]
      const client = await rig.client()
      expect([...await client.fetch(first.getMultiaddrs()[0], testBlock(last).cid)]).to.deep.equal([...testBlock(last).bytes])

      const wanted = Array.from({ length: 50 }, (_, i) => testBlock(100 + i))
      const clients = await Promise.all(routers.map(async router => {
        const client = await rig.client()
        await client.send(router.getMultiaddrs()[0], wanted.map(block => entry(block, { wantType: 'have' })))

        return client
      }))
      // each by its client, and all but the first by the one before
      const left = (): number => routers.reduce((sum, { services: { router } }) => sum + router.status().wants, 0)
      await until('all are asked', () => left() === wanted.length * (2 * length - 1))

      for (const client of clients) {
        await client.stop()
      }

      await until('no want is left', () => left() === 0, 10_000)
    })
  }

  it('is asked again once the ring is broken elsewhere', async () => {
    const routers = await ring(3)
    const down = (): number => routers.findIndex(router => next(router)?.why?.includes('leads back to this router') === true)
    await until('one has given up the next', () => down() >= 0)
    const broken = routers[down()]
    await routers[(down() + 1) % 3].services.router.members.remove('next')
    await until('it is asked again', () => next(broken)?.state === 'up')
  })
})
