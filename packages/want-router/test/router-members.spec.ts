import { expect } from 'aegir/chai'
import { peers } from '../src/discovery/static.ts'
import { peerTarget, source } from '../src/index.ts'
import { entry, testBlock } from './engine/harness.ts'
import { until } from './network/hosts.ts'
import { createRouterRig, holding, targetOf } from './router-rig.ts'
import type { RouterNode } from './router-rig.ts'
import type { Discovery, RouterMemberStatus, SourceLike, TargetInit } from '../src/index.ts'

describe('wantRouter: members at run time', function () {
  this.timeout(20_000)

  const rig = createRouterRig()
  const { node, client } = rig
  const block = testBlock(1)

  afterEach(async () => { await rig.stop() })

  const statusOf = ({ services: { router } }: RouterNode, id: string): RouterMemberStatus | undefined => router.status().members.find(member => member.id === id)

  it('starts without any: wants wait for the first', async () => {
    const front = await node({ targets: [] })
    const { router } = front.services
    const fetched = (await client()).fetch(front.getMultiaddrs()[0], block.cid)
    await until('it is wanted', () => router.status().wants === 1)
    expect(router.ready).to.equal(false)
    router.members.add(source(holding(block), { id: 'memory' }))
    expect([...await fetched]).to.deep.equal([...block.bytes])
    expect(router.ready).to.equal(true)
  })

  it('starts those that are added before it is started with the others', async () => {
    const front = await node({ targets: [] }, false)
    const { router } = front.services
    router.members.add(source(holding(), { id: 'empty' }))
    router.members.add(source(holding(block), { id: 'memory' }))
    await router.members.remove('empty')
    await front.start()
    await (await client()).fetch(front.getMultiaddrs()[0], block.cid)
    expect(router.status().members.map(({ id }) => id)).to.deep.equal(['memory'])
  })

  it('drains a peer: it delivers what it owes, is asked nothing new, and is disconnected', async () => {
    const gate = Promise.withResolvers<void>()
    const slow: SourceLike = {
      async get () {
        await gate.promise

        return block.bytes
      }
    }
    const behind = await node({ targets: [source(slow, { id: 'slow' })] })
    const front = await node({ targets: [targetOf(behind)] })
    const { router } = front.services
    await until('the router is ready', () => router.ready)
    const c = await client()
    const fetched = c.fetch(front.getMultiaddrs()[0], block.cid)
    await until('it is asked', () => behind.services.router.status().wants === 1)

    const other = testBlock(2)
    router.members.add(source(holding(other), { id: 'other' }))
    const removed = router.members.remove('node', { drain: true })
    await until('it drains', () => statusOf(front, 'node')?.state === 'draining')
    await (await client()).fetch(front.getMultiaddrs()[0], other.cid)
    expect(behind.services.router.status().totals.wants).to.equal(1)
    expect(statusOf(front, 'node')).to.have.nested.property('load.wants', 1)

    gate.resolve()
    expect([...await fetched]).to.deep.equal([...block.bytes])
    await removed
    expect(statusOf(front, 'node')).to.equal(undefined)
    await until('they are disconnected', () => !behind.getPeers().some(peer => peer.equals(front.peerId)))
  })

  it('lets one come back under its name, without anything of the old one', async () => {
    const behind = await node({ targets: [source(holding(block), { id: 'memory' })] })
    const front = await node({ targets: [targetOf(behind)] })
    const { router } = front.services
    await until('the router is ready', () => router.ready)
    await (await client()).fetch(front.getMultiaddrs()[0], block.cid)
    const before = statusOf(front, 'node')
    expect(before).to.have.property('peer', behind.peerId.toString())
    await router.members.remove('node')
    router.members.add(peerTarget({ id: 'node', locate: async () => { throw new Error('nowhere') } }))
    await until('it was looked for', () => statusOf(front, 'node')?.lastError != null)
    expect(statusOf(front, 'node')).to.deep.include({ state: 'down', why: 'nowhere' }).and.to.not.have.property('peer')
    expect(statusOf(front, 'node')?.totals.asks).to.equal(0)
    expect(statusOf(front, 'node')?.generation).to.not.equal(before?.generation)

    await router.members.remove('node')
    router.members.add(targetOf(behind))
    await until('it is up', () => statusOf(front, 'node')?.state === 'up')
    await (await client()).fetch(front.getMultiaddrs()[0], block.cid)
  })

  it('changes weights, labels and whether one is drained', async () => {
    const front = await node({ targets: [source(holding(block), { id: 'memory' })] })
    const { router } = front.services
    await until('the router is ready', () => router.ready)
    router.members.update('memory', { weight: 3, labels: { zone: 'a' }, draining: true })
    expect(statusOf(front, 'memory')).to.deep.include({ weight: 3, labels: { zone: 'a' }, state: 'draining' })
    const c = await client()
    await c.send(front.getMultiaddrs()[0], [entry(block)])
    await until('it is wanted', () => router.status().wants === 1)
    expect(statusOf(front, 'memory')?.totals.asks).to.equal(0)
    router.members.update('memory', { draining: false })
    await c.until(({ blocks }) => blocks.length > 0)
  })

  it('refuses invalid members, and keeps nothing of them', async () => {
    const front = await node({ targets: [source(holding(), { id: 'memory' })] })
    const { members } = front.services.router
    expect(() => { members.add(source(holding(), { id: 'memory' })) }).to.throw('two members are called "memory"')
    expect(() => { members.add(peers([`/ip4/127.0.0.1/tcp/1/p2p/${front.peerId}`])[0]) }).to.throw('is the router itself')
    expect(() => { members.add({ id: 'broken', create () { throw new Error('cannot be made') } }) }).to.throw('cannot be made')
    expect(() => { members.update('nobody', {}) }).to.throw('there is no member called "nobody"')
    await expect(members.remove('nobody')).to.eventually.be.rejected.with.property('name', 'InvalidOptionError')
    expect(front.services.router.status().members.map(({ id }) => id)).to.deep.equal(['memory'])
    await front.stop()
    expect(() => { members.add(source(holding(), { id: 'late' })) }).to.throw().with.property('name', 'NotStartedError')
  })

  it('follows a discovery: adds new members, and drains and removes missing ones', async () => {
    const sets: Array<(set: TargetInit[] | undefined) => void> = []
    let stopped = false
    const discovery: Discovery = {
      name: 'test',
      async * discover ({ signal }) {
        signal.addEventListener('abort', () => {
          stopped = true
          sets.at(-1)?.(undefined)
        })

        for (;;) {
          const set = await new Promise<TargetInit[] | undefined>(resolve => { sets.push(resolve) })

          if (set == null) {
            return
          }

          yield set
        }
      }
    }
    const front = await node({ targets: [source(holding(), { id: 'fixed' }), discovery] })
    const { router } = front.services
    const found = (...ids: string[]): void => { sets.at(-1)?.(ids.map(id => source(holding(block), { id }))) }
    const ids = (): string[] => router.status().members.map(({ id }) => id).sort()
    const expectIds = async (...expected: string[]): Promise<void> => { await until(`there are ${expected}`, () => ids().join() === expected.join()) }

    found('a', 'b', 'fixed') // one of them is there already, which is logged
    await expectIds('a', 'b', 'fixed')
    await (await client()).fetch(front.getMultiaddrs()[0], block.cid)
    const before = statusOf(front, 'b')?.generation
    await until('it waits for the next', () => sets.length === 2)
    found('b', 'c')
    await expectIds('b', 'c', 'fixed')
    expect(statusOf(front, 'b')?.generation).to.equal(before)

    await until('it waits for the next', () => sets.length === 3)
    found('c')
    await until('it waits for the next', () => sets.length === 4)
    found('b', 'c') // while b may still be drained
    await expectIds('b', 'c', 'fixed')
    await front.stop()
    expect(stopped).to.equal(true)
  })
})
