import { cidPrefix, decodeMessage, frameDecoder } from '@kitsune/bitswap-codec'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'aegir/chai'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { peers } from '../src/discovery/static.ts'
import { peerTarget, source, wantRouter } from '../src/index.ts'
import { entry, testBlock } from './engine/harness.ts'
import { until } from './network/hosts.ts'
import { frame } from './network/messages.ts'
import { createRouterRig, holding, STACK, targetOf } from './router-rig.ts'
import type { Ask, Policy, RouterEvent, SettledWant, SourceLike, StrategyFactory } from '../src/index.ts'
import type { TestBlock } from './engine/harness.ts'
import type { RouterNode } from './router-rig.ts'
import type { Connection, Libp2p, Metrics } from '@libp2p/interface'

describe('wantRouter', function () {
  this.timeout(20_000)

  const rig = createRouterRig()
  const { node, client } = rig
  const block = testBlock(1)

  afterEach(async () => { await rig.stop() })

  it('is refused with two targets of one name', async () => {
    const twice = [source(holding(), { id: 'a' }), source(holding(), { id: 'a' })]
    await expect(createLibp2p({ ...STACK, services: { router: wantRouter({ targets: twice }) } })).to.eventually.be.rejected
      .with.property('name', 'InvalidOptionError')
  })

  it('is refused with an invalid policy, with two policies of one name, and with an invalid `policyFailure`', () => {
    const policy: Policy = { name: 'one', admit: () => 'pass' }

    for (const init of [{ policies: [policy, { ...policy }] }, { policies: [{ ...policy, name: '' }] }, { policies: [{ name: 'two' } as unknown as Policy] }, { policyFailure: 'deny' as 'pass' }]) {
      const targets = [source(holding(), { id: 'memory' })]
      expect(() => wantRouter({ targets, ...init })).to.throw().with.property('name', 'InvalidOptionError')
      expect(() => wantRouter({ targets, reverse: init })).to.throw().with.property('name', 'InvalidOptionError')
    }
  })

  it('shows policies which client asks for what and from where, and reports what they did', async () => {
    const asks: Ask[] = []
    const ended: SettledWant[] = []
    const served = testBlock(2)
    const front = await node({
      targets: [source(holding(block, served), { id: 'memory' })],
      policies: [{
        name: 'denylist',
        admit (ask) {
          asks.push(ask)

          return ask.cid.equals(CID.decode(block.cid)) ? 'absent' : 'pass'
        },
        settled (want) { ended.push(want) }
      }]
    })
    const wire = await client()
    const [address] = front.getMultiaddrs()
    expect([...await wire.fetch(address, served.cid)]).to.deep.equal([...served.bytes])
    await wire.send(address, [entry(block)])
    await wire.until(({ presences }) => presences.some(({ have }) => !have))
    const [{ remoteAddr }] = front.getConnections()
    expect(asks.map(({ client, address, type }) => ({ client, address, type }))).to.deep.equal([
      { client: wire.host.peerId.toString(), address: remoteAddr.toString(), type: 'block' },
      { client: wire.host.peerId.toString(), address: remoteAddr.toString(), type: 'block' }
    ])
    expect(ended.map(({ outcome, verdict, member }) => ({ outcome, verdict, member: member != null }))).to.deep.equal([
      { outcome: 'block', verdict: undefined, member: true },
      { outcome: 'refused', verdict: 'absent', member: false }
    ])
    expect(front.services.router.status().policies).to.deep.equal([{ name: 'denylist', refused: 1, restricted: 0, errors: 0, timeouts: 0 }])
  })

  it('is refused where a member is the router itself, by either of its identities', async () => {
    const privateKey = await generateKeyPair('Ed25519')
    const downstream = await rig.host({ addresses: {} })

    for (const own of [peerIdFromPrivateKey(privateKey), downstream.peerId]) {
      const targets = peers([`/ip4/127.0.0.1/tcp/1/p2p/${own}`])
      await expect(createLibp2p({ ...STACK, privateKey, services: { router: wantRouter({ targets, downstream }) } })).to.eventually.be.rejected
        .with.property('message').that.matches(/127\.0\.0\.1.+ is the router itself/)
    }
  })

  it('never asks a member that turns out to be the router itself, and says why', async () => {
    const downstream = await rig.host({ addresses: {} })
    let self: () => Libp2p = () => downstream
    const front = await node({
      targets: [peerTarget({ id: 'self', locate: async () => ({ peer: self().peerId, addresses: self().getMultiaddrs() }) })],
      downstream
    })
    const why = (): string | undefined => front.services.router.status().members[0].why

    const expectRefused = async (): Promise<void> => {
      while (why()?.includes(`is the router itself, by its own peer id ${self().peerId}`) !== true) {
        await new Promise(resolve => { setImmediate(resolve) })
      }
    }

    await expectRefused()
    self = () => front
    await expectRefused()
    const c = await client()
    await c.send(front.getMultiaddrs()[0], [entry(block)])
    expect(front.getPeers().map(String)).to.deep.equal([c.host.peerId.toString()])
    expect(front.services.router.ready).to.equal(false)
  })

  it('sends a node wantlists of no more entries than it takes', async () => {
    const member = await client()
    const front = await node({ targets: peers([{ address: `${member.host.getMultiaddrs()[0]}`, entries: 3 }]) })
    const c = await client()
    await c.send(front.getMultiaddrs()[0], Array.from({ length: 10 }, (_, i) => entry(testBlock(i))))
    const sizes = (): number[] => member.received.map(({ wants }) => wants.length).filter(size => size > 0)
    await until('all are asked for', () => sizes().reduce((sum, size) => sum + size, 0) >= 10, 10_000)
    expect(Math.max(...sizes())).to.be.at.most(3)
  })

  it('serves from a router that serves from a source: one host each', async () => {
    const behind = await node({ targets: [source(holding(block), { id: 'memory' })] })
    const front = await node({ targets: [targetOf(behind)] })
    const received = await (await client()).fetch(front.getMultiaddrs()[0], block.cid)
    expect([...received]).to.deep.equal([...block.bytes])
  })

  it('serves through two hosts: the node behind never sees the public identity', async () => {
    const behind = await node({ targets: [source(holding(block), { id: 'memory' })] })
    const downstream = await rig.host({ addresses: {} })
    const front = await node({ targets: [targetOf(behind)], downstream })
    await (await client()).fetch(front.getMultiaddrs()[0], block.cid)
    expect(behind.getPeers().map(String)).to.deep.equal([downstream.peerId.toString()])
  })

  it('lets a node send all that it was asked for at once, on a stream for each', async () => {
    const blocks = Array.from({ length: 80 }, (_, i) => testBlock(i, 500 << 10))
    const member = await rig.host()
    const downstream = await rig.host({ addresses: {} })
    const sent = new Set<TestBlock>()
    let halves = 0

    // as kubo does with many workers: no window takes a whole block before it is opened again
    const send = async (connection: Connection, block: TestBlock): Promise<void> => {
      const bytes = frame({ blocks: [{ prefix: cidPrefix(block.cid), data: block.bytes }] })
      const stream = await connection.newStream('/ipfs/bitswap/1.2.0')
      stream.send(bytes.subarray(0, 250 << 10))
      await until('the first half has left', () => stream.writeBufferLength === 0)
      halves++
      await until('all first halves have left', () => halves === blocks.length)
      stream.send(bytes.subarray(250 << 10))
      await stream.close()
    }

    await member.handle('/ipfs/bitswap/1.2.0', (stream, connection) => {
      const frames = frameDecoder()
      stream.addEventListener('message', ({ data }) => {
        for (const { cid } of frames.push(data).flatMap(bytes => decodeMessage(bytes).wants)) {
          const block = blocks.find(block => CID.decode(block.cid).equals(CID.decode(cid)))

          // one may be asked for twice, to see whether the node takes long wantlists
          if (block != null && !sent.has(block)) {
            sent.add(block)
            send(connection, block).catch(() => {})
          }
        }
      })
    }, { maxOutboundStreams: 100 })
    const bytes = 64 << 20
    const front = await node({
      targets: [targetOf(member)],
      downstream,
      limits: { expectedBlock: 500 << 10, minTimeout: 15_000, firstTimeout: 15_000, maxTimeout: 15_000, unsentPerClient: bytes, inFlightPerClient: bytes, minBytesPerMember: bytes, maxBytesPerMember: bytes, inFlight: bytes, unsent: 4 * bytes }
    })
    await until('the router is ready', () => front.services.router.ready)
    const c = await client()
    await c.send(front.getMultiaddrs()[0], blocks.map(block => entry(block)))
    await until('all have come', () => c.received.flatMap(({ blocks }) => blocks).length === blocks.length)
    expect(front.services.router.status().members[0].totals).to.include({ blocks: blocks.length, timeouts: 0 })
  })

  it('reports which members are up and where, and what a source threw', async () => {
    const events: RouterEvent[] = []
    const failing: SourceLike = { get: async () => { throw new Error('disk on fire') } }
    const behind = await node({ targets: [source(failing, { id: 'disk' })], onEvent: event => { events.push(event) } })
    const front = await node({ targets: [targetOf(behind)], onEvent: event => { events.push(event) } })
    await until('the router is ready', () => front.services.router.ready)
    const asking = await client()
    asking.fetch(front.getMultiaddrs()[0], block.cid).catch(() => {})
    await until('an error is known', () => behind.services.router.status().members[0].lastError != null)

    const [disk] = behind.services.router.status().members
    expect(disk.lastError).to.have.property('message', 'disk on fire')
    expect(disk.totals.failures).to.be.above(0)
    expect(disk).to.not.have.any.keys('peer', 'addresses', 'connectedTo')
    const [member] = front.services.router.status().members
    expect(member).to.include({ state: 'up', peer: behind.peerId.toString() })
    expect(member.addresses).to.deep.equal(behind.getMultiaddrs().map(String))
    expect(member.connectedTo).to.have.lengthOf(1)
    expect(Date.now() - member.since).to.be.within(0, 20_000)

    await behind.stop()
    await until('the router is not ready', () => !front.services.router.ready)
    expect(events.find(event => event.type === 'member-error' && event.member === 'disk')).to.have.nested.property('error.message', 'disk on fire')
    const states = events.filter(event => event.type === 'member' && event.member === 'node')
    expect(states[0]).to.deep.equal({ type: 'member', member: 'node', state: 'up', before: 'down' })
    expect(states[1]).to.include({ state: 'down', before: 'up' }).and.to.have.property('why').that.is.a('string')
  })

  it('reports once that its strategy throws, and continues to serve', async () => {
    const events: RouterEvent[] = []
    const strategy: StrategyFactory = () => ({ update () {}, rank () { throw new Error('no such zone') } })
    const front = await node({ targets: [source(holding(block), { id: 'memory' })], strategy, onEvent: event => { events.push(event) } })
    const asking = await client()
    await asking.fetch(front.getMultiaddrs()[0], block.cid)
    const thrown = events.filter(event => event.type === 'strategy-error')
    expect(thrown).to.have.lengthOf(1)
    expect(thrown[0]).to.include({ method: 'rank' }).and.to.have.nested.property('error.message', 'no such zone')
  })

  it('says DONT_HAVE through both, and delivers the block when it turns up', async () => {
    const store: TestBlock[] = []
    const behind = await node({ targets: [source({ get: async cid => store.find(block => CID.decode(block.cid).equals(cid))?.bytes }, { id: 'memory' })], limits: { askAgainAfter: 1000 } })
    const front = await node({ targets: [targetOf(behind)] })
    const c = await client()
    await c.send(front.getMultiaddrs()[0], [entry(block)])
    await c.until(({ presences }) => presences.some(({ have }) => !have))
    store.push(block)
    await c.until(({ blocks }) => blocks.length > 0)
  })

  it('counts unsolicited messages, whichever side they come to', async () => {
    const downstream = await rig.host()
    const counters = new Map<string, () => number>()
    const group = { reset () {}, update () {}, increment () {} }
    const metrics = {
      registerCounter: (name: string, { calculate }: { calculate (): number }) => { counters.set(name, calculate) },
      registerMetric () {},
      registerCounterGroup: () => group,
      registerMetricGroup: () => group,
      registerHistogram () {},
      registerHistogramGroup () {}
    } as unknown as Metrics
    const front = await node({ targets: [source(holding(), { id: 'memory' })], downstream, metrics })
    const stranger = await rig.host({ services: {} })

    for (const host of [front, downstream]) {
      const stream = await stranger.dialProtocol(host.getMultiaddrs(), '/ipfs/bitswap/1.2.0')
      stream.send(frame({ blocks: [{ prefix: cidPrefix(block.cid), data: block.bytes }] }))
      await stream.close()
      await until('the stream is read', () => stream.status === 'closed')
    }

    expect(counters.get('kitsune_router_dropped_messages_total')?.()).to.equal(2)
  })

  it('decides at the end of a tick that it is given', async () => {
    let decisions = 0
    const front = await node({
      targets: [source(holding(block), { id: 'memory' })],
      endOfTick (run) {
        decisions++
        setImmediate(run)
      }
    })
    const wire = await client()
    const before = decisions
    expect([...await wire.fetch(front.getMultiaddrs()[0], block.cid)]).to.deep.equal([...block.bytes])
    expect(decisions).to.be.above(before)
  })

  it('is ready when a member is up, and no longer when it drains', async () => {
    const front = await node({ targets: [source(holding(block), { id: 'memory' })] })
    const c = await client()
    await c.fetch(front.getMultiaddrs()[0], block.cid)
    const { router } = front.services
    expect(router.ready).to.equal(true)
    const drained = router.drain()
    expect(router.ready).to.equal(false)
    await drained
    expect(router.status()).to.include({ draining: true, active: 0, unsent: 0 })
  })

  it('two routers that are each other\'s nodes keep no want going between them', async () => {
    const pair: RouterNode[] = []

    for (const other of [1, 0]) {
      const downstream = await rig.host({ addresses: {} })
      pair.push(await node({
        downstream,
        targets: [
          source(holding(), { id: 'empty' }),
          peerTarget({ id: 'other', locate: async () => ({ peer: pair[other].peerId, addresses: pair[other].getMultiaddrs() }) })
        ]
      }))
    }

    const wires = [await client(), await client()]
    const wanted = Array.from({ length: 50 }, (_, i) => testBlock(100 + i))

    for (const [i, wire] of wires.entries()) {
      await wire.send(pair[i].getMultiaddrs()[0], wanted.map(block => entry(block)))
    }

    // each says that no member has them, though the other asks for the same
    await Promise.all(wires.map(async wire => wire.until(() => wire.received.flatMap(({ presences }) => presences).length >= wanted.length)))

    for (const wire of wires) {
      await wire.stop()
    }

    const left = (): number => pair.reduce((sum, { services: { router } }) => sum + router.status().wants, 0)
    await until('no want is left', () => left() === 0, 10_000)
    expect(pair.reduce((sum, { services: { router } }) => sum + router.status().totals.wants, 0)).to.be.below(1000)
  })

  it('empties every map when its peers are gone', async () => {
    const front = await node({ targets: [source(holding(block), { id: 'memory' })] })

    for (let i = 0; i < 5; i++) {
      const c = await client()
      await c.fetch(front.getMultiaddrs()[0], block.cid)
      await c.send(front.getMultiaddrs()[0], [entry(testBlock(2))])
      await c.until(({ presences }) => presences.length > 0)
      await c.stop()
    }

    while (front.getConnections().length > 0) {
      await new Promise(resolve => { setImmediate(resolve) })
    }

    await new Promise(resolve => { setImmediate(resolve) })
    expect(front.services.router.status()).to.include({ clients: 0, wants: 0, fetches: 0, unsent: 0 })
  })
})
