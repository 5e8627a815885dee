import { cidPrefix } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { sha256 } from 'multiformats/hashes/sha2'
import { announce } from '../../src/stands-for.ts'
import { entry, testBlock } from '../engine/harness.ts'
import { until } from '../network/hosts.ts'
import { createRouterRig, targetOf } from '../router-rig.ts'
import type { Ask, BlockHasher, Policy, ReverseInit, WantRouter, WantRouterInit } from '../../src/index.ts'
import type { TestBlock } from '../engine/harness.ts'
import type { RouterNode } from '../router-rig.ts'
import type { WireClient } from '../wire-client.ts'
import type { Libp2p, Metrics } from '@libp2p/interface'

/** A router between one node and its clients, on real hosts. */
interface Bridge {
  readonly front: RouterNode
  readonly router: WantRouter
  /** The node that the router asks, and that asks the router. */
  readonly node: WireClient
  readonly client: WireClient
  /** Where a node finds the router. */
  readonly below: Libp2p
}

const asksFor = ({ received }: WireClient, { cid }: TestBlock): boolean =>
  received.some(({ wants }) => wants.some(want => !want.cancel && Buffer.compare(want.cid, cid) === 0))
const hasBlock = ({ received }: WireClient, { bytes }: TestBlock): boolean =>
  received.some(({ blocks }) => blocks.some(({ data }) => Buffer.compare(data, bytes) === 0))

for (const hosts of ['one host', 'two hosts'] as const) {
  describe(`wantRouter: both directions, ${hosts}`, function () {
    this.timeout(30_000)

    const rig = createRouterRig()
    const [block, other, third] = [testBlock(1), testBlock(2), testBlock(3)]

    afterEach(async () => { await rig.stop() })

    async function bridge (reverse?: ReverseInit, init: Partial<WantRouterInit> = {}): Promise<Bridge> {
      const [node, client] = [await rig.client(), await rig.client()]
      const downstream = hosts === 'one host' ? undefined : await rig.host()
      const front = await rig.node({ targets: [targetOf(node.host)], downstream, reverse, ...init })
      const { router } = front.services
      await until('the node is connected', () => router.ready)
      await client.host.dial(front.getMultiaddrs())

      return { front, router, node, client, below: downstream ?? front }
    }

    const send = async (from: WireClient, to: Libp2p, block: TestBlock): Promise<void> => {
      await from.answer(to.getMultiaddrs()[0], { blocks: [{ prefix: cidPrefix(block.cid), data: block.bytes }] })
    }

    const members = (router: WantRouter): string[] => router.reverse?.status().members.map(({ id }) => id) ?? []

    it('asks clients for nothing if there is one direction', async () => {
      const { router, node, client, below, front } = await bridge()
      await node.send(below.getMultiaddrs()[0], [entry(block)])
      await client.send(front.getMultiaddrs()[0], [entry(other)])
      await until('the node is asked', () => asksFor(node, other))
      expect(router.reverse).to.be.undefined()
      expect(asksFor(client, block)).to.be.false()
    })

    it('lets wants flow both ways at once, and nothing crosses', async () => {
      const { router, node, client, below, front } = await bridge({ members: 'connected' })
      const bystander = await rig.client()
      await bystander.host.dial(front.getMultiaddrs())
      await until('clients are members', () => members(router).length === 2)

      await Promise.all([
        node.send(below.getMultiaddrs()[0], [entry(block)]),
        client.send(front.getMultiaddrs()[0], [entry(other)])
      ])
      await until('each is asked', () => (asksFor(client, block) || asksFor(bystander, block)) && asksFor(node, other))
      const asked = asksFor(client, block) ? client : bystander
      await Promise.all([send(asked, front, block), send(node, below, other)])
      await until('each is served', () => hasBlock(node, block) && hasBlock(client, other))

      expect(asksFor(node, block), 'a want of the node comes back to it').to.be.false()
      expect(asksFor(client, other) || asksFor(bystander, other), 'a want of a client is asked of a client').to.be.false()
      expect(hasBlock(bystander, block) || hasBlock(bystander, other) || hasBlock(client, block) || hasBlock(node, other), 'a block goes where it is not wanted').to.be.false()
      expect(router.status()).to.have.nested.property('totals.blocksSent', 1)
      expect(router.reverse?.status()).to.have.nested.property('totals.blocksSent', 1)
      expect(router.status().clients).to.equal(1)
      expect(router.reverse?.status().clients).to.equal(1)
    })

    it('answers a node with what clients say', async () => {
      const { router, node, client, below, front } = await bridge({ members: 'connected' })
      await until('the client is a member', () => members(router).length === 1)
      await node.send(below.getMultiaddrs()[0], [entry(block, { wantType: 'have' }), entry(other)])
      await until('the client is asked', () => asksFor(client, block) && asksFor(client, other))
      await client.answer(front.getMultiaddrs()[0], { presences: [{ cid: block.cid, have: true }, { cid: other.cid, have: false }] })
      await until('the node is told', () => node.received.flatMap(({ presences }) => presences).length === 2)
      const said = node.received.flatMap(({ presences }) => presences)
      expect(said.find(({ have }) => have)?.cid).to.deep.equal(block.cid)
      expect(said.find(({ have }) => !have)?.cid).to.deep.equal(other.cid)
    })

    it('has its own policies, which decide about the wants of nodes', async () => {
      const seen: Ask[] = []
      const gate: Policy = {
        name: 'gate',
        admit (ask) {
          seen.push(ask)

          return Buffer.compare(ask.cid.bytes, block.cid) === 0 ? 'pass' : 'absent'
        }
      }
      const { router, node, client, below, front } = await bridge({ members: 'connected', policies: [gate] })
      await until('the client is a member', () => members(router).length === 1)
      await node.send(below.getMultiaddrs()[0], [entry(block), entry(other)])
      await client.send(front.getMultiaddrs()[0], [entry(third)])
      await until('the client is asked for what is admitted', () => asksFor(client, block))
      await until('the node is denied the rest', () => node.received.some(({ presences }) => presences.some(({ cid, have }) => !have && Buffer.compare(cid, other.cid) === 0)))
      await until('the node is asked for what clients want, without a verdict', () => asksFor(node, third))
      await send(client, front, block)
      await until('the node is served', () => hasBlock(node, block))
      expect(asksFor(client, other)).to.be.false()
      const address = below.getConnections(node.host.peerId)[0].remoteAddr.toString()
      expect(seen.map(ask => [ask.client, ask.address])).to.deep.equal(Array(2).fill([node.host.peerId.toString(), address]))
      expect(router.reverse?.status().policies).to.deep.equal([{ name: 'gate', refused: 1, restricted: 0, errors: 0, timeouts: 0 }])
      expect(router.status().policies).to.be.empty()
    })

    it('hashes a block once, and unsolicited blocks not at all', async () => {
      let hashed = 0
      const counting: BlockHasher = {
        ...sha256,
        code: sha256.code,
        digest: (bytes: Uint8Array) => {
          hashed++

          return sha256.digest(bytes)
        }
      }
      const { router, node, client, below, front } = await bridge({ members: 'registered' }, { hashers: [counting] })
      router.reverse?.register(client.host.peerId)
      const stranger = await rig.client()
      await until('the client is a member', () => members(router).length === 1)
      await node.send(below.getMultiaddrs()[0], [entry(block)])
      await until('the client is asked', () => asksFor(client, block))
      await send(stranger, front, block)
      await until('the message of the stranger is read', () => router.status().network.framesDropped === 1)
      expect(hashed).to.equal(0)
      await send(client, front, block)
      await until('the node is served', () => hasBlock(node, block))
      expect(hashed).to.equal(1)
      // neither engine waits for it
      await send(client, front, third)
      await until('it is counted', () => router.reverse?.status().members[0].totals.unsolicited === 1)
      expect(hashed).to.equal(2)
      expect(router.status().members[0].totals.unsolicited).to.equal(0)
    })

    it('asks a client while it is registered, and has it forget the rest', async () => {
      const { router, node, client, below } = await bridge({})
      const bystander = await rig.client()
      expect(members(router)).to.be.empty()
      const [first, second] = [router.reverse?.register(client.host.peerId), router.reverse?.register(client.host.peerId)]
      await until('the client is a member', () => members(router).length === 1)
      await node.send(below.getMultiaddrs()[0], [entry(block)])
      await until('the client is asked', () => asksFor(client, block))
      first?.()
      first?.()
      expect(members(router)).to.deep.equal([client.host.peerId.toString()])
      second?.()
      await until('the client is told to forget', () => client.received.some(({ full, wants }) => full && wants.length === 0))
      expect(members(router)).to.be.empty()
      expect(client.host.getConnections(), 'it stays connected').to.have.lengthOf(1)
      expect(bystander.received).to.be.empty()

      router.reverse?.register(client.host.peerId)
      await until('it is asked again', () => client.received.filter(({ wants }) => wants.some(({ cancel }) => !cancel)).length === 2)
    })

    it('asks a client that is registered before it connects, and another one when it leaves', async () => {
      const { router, node, client, below, front } = await bridge({})
      const late = await rig.client()
      router.reverse?.register(client.host.peerId)
      router.reverse?.register(late.host.peerId)
      await until('the client is a member', () => members(router).length === 1)
      await node.send(below.getMultiaddrs()[0], [entry(block)])
      await until('the client is asked', () => asksFor(client, block))
      await late.host.dial(front.getMultiaddrs())
      await until('both are members', () => members(router).length === 2)
      await client.host.stop()
      await until('the other one is asked', () => asksFor(late, block))
      expect(members(router)).to.deep.equal([late.host.peerId.toString()])
      await send(late, front, block)
      await until('the node is served', () => hasBlock(node, block))
    })

    it('never asks a node for what another node wants, not even as a client', async () => {
      const second = await rig.client()
      const { router, node, client, below, front } = await bridge({ members: 'connected' }, {})
      router.members.add(targetOf(second.host, 'second'))
      await until('both nodes are connected', () => router.status().members.every(({ state }) => state === 'up'))
      await second.host.dial(front.getMultiaddrs())
      router.reverse?.register(second.host.peerId)
      await until('the client is a member', () => members(router).length > 0)
      await node.send(below.getMultiaddrs()[0], [entry(block)])
      await until('the client is asked', () => asksFor(client, block))
      await client.answer(front.getMultiaddrs()[0], { presences: [{ cid: block.cid, have: false }] })
      await until('the node is told', () => node.received.some(({ presences }) => presences.length > 0))
      expect(members(router)).to.deep.equal([client.host.peerId.toString()])
      expect(asksFor(second, block)).to.be.false()
    })

    it('never asks a client that stands for a node', async () => {
      const { router, node, client, below, front } = await bridge({ members: 'connected' })
      await until('the client is a member', () => members(router).length === 1)
      const standIn = await rig.client()
      const silence = await announce(standIn.host, node.host.peerId.toString())
      rig.add({ stop: silence })
      const identified = new Promise<void>(resolve => {
        front.addEventListener('peer:identify', ({ detail }) => { detail.peerId.equals(standIn.host.peerId) && resolve() })
      })
      await standIn.host.dial(front.getMultiaddrs())
      await identified
      await standIn.send(front.getMultiaddrs()[0], [entry(other)])
      await until('its want has come', () => router.status().clients === 1)
      await node.send(below.getMultiaddrs()[0], [entry(block)])
      await until('the client is asked', () => asksFor(client, block))
      await client.answer(front.getMultiaddrs()[0], { presences: [{ cid: block.cid, have: false }] })
      await until('the node is told', () => node.received.some(({ presences }) => presences.length > 0))
      expect(asksFor(standIn, block)).to.be.false()
      expect(asksFor(node, other), 'the loop of the first direction is recognised as before').to.be.false()
    })

    it('shows all clients that are asked as one member, and keeps the counts of those that have left', async () => {
      const values = new Map<string, Record<string, number>>()
      const note = (name: string): object => ({
        reset () { values.set(name, {}) },
        update (more: Record<string, number>) { values.set(name, { ...values.get(name), ...more }) },
        increment (more: Record<string, number>) {
          const now = { ...values.get(name) }

          for (const [key, by] of Object.entries(more)) {
            now[key] = (now[key] ?? 0) + by
          }

          values.set(name, now)
        }
      })
      let scrape = (): void => {}
      const metrics = {
        registerCounter () {},
        registerMetric (name: string, { calculate }: { calculate (): number }) {
          if (name === 'kitsune_router_members') {
            scrape = () => { calculate() }
          }
        },
        registerCounterGroup: note,
        registerMetricGroup: note,
        registerHistogram () {},
        registerHistogramGroup () {}
      } as unknown as Metrics
      const { router, node, client, below, front } = await bridge({ members: 'connected' }, { metrics })
      await rig.client().then(async more => more.host.dial(front.getMultiaddrs()))
      await until('both are members', () => members(router).length === 2)
      await node.send(below.getMultiaddrs()[0], [entry(block)])
      await until('one is asked', () => router.reverse?.status().members.some(({ totals }) => totals.asks === 1) === true)
      scrape()
      expect(Object.keys(values.get('kitsune_router_member_up') ?? {})).to.deep.equal(['node', '(clients)'])
      expect(values.get('kitsune_router_member_asks_total')).to.deep.equal({ node: 0, '(clients)': 1 })
      await client.host.stop()
      await until('it has left', () => members(router).length === 1)
      scrape()
      expect(values.get('kitsune_router_member_asks_total')?.['(clients)']).to.be.at.least(1)
    })

    it('takes a client that is being asked for busy', async () => {
      const { router, node, client, below } = await bridge({ members: 'connected' })
      await until('the client is a member', () => members(router).length === 1)
      expect(router.idleFor(client.host.peerId)).to.equal(Infinity)
      await node.send(below.getMultiaddrs()[0], [entry(block)])
      await until('the client is asked', () => asksFor(client, block))
      expect(router.idleFor(client.host.peerId)).to.be.undefined()
    })

    it('drains: nodes that ask for the first time are not served, and stay connected', async () => {
      const { router, node, client, below } = await bridge({ members: 'connected' })
      await until('the client is a member', () => members(router).length === 1)
      const drained = router.drain()
      await node.send(below.getMultiaddrs()[0], [entry(block)])
      await drained
      expect(asksFor(client, block)).to.be.false()
      expect(router.status().members[0].state).to.equal('up')
    })
  })
}

describe('wantRouter: a peer of one host that turns out to be a node', function () {
  this.timeout(30_000)

  const rig = createRouterRig()

  afterEach(async () => { await rig.stop() })

  it('asks again for what it wanted as a client, and only clients are asked', async () => {
    const block = testBlock(7)
    const [late, node, client] = [await rig.client(), await rig.client(), await rig.client()]
    const front = await rig.node({ targets: [targetOf(node.host)], reverse: { members: 'connected' } })
    const { router } = front.services
    await until('the node is connected', () => router.ready)
    await client.host.dial(front.getMultiaddrs())
    await late.send(front.getMultiaddrs()[0], [entry(block)])
    await until('it is a client', () => asksFor(node, block))
    const [before] = front.getConnections(late.host.peerId)
    router.members.add(targetOf(late.host, 'late'))
    await until('it is a node', () => router.status().members.every(({ state }) => state === 'up'))
    expect(before.status).to.not.equal('open')
    expect(router.status()).to.include({ clients: 0, wants: 0 })
    await late.send(front.getMultiaddrs()[0], [entry(block)])
    await until('the client is asked', () => asksFor(client, block))
    expect(router.status().clients).to.equal(0)
    expect(router.reverse?.status().clients).to.equal(1)
  })
})
