import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'aegir/chai'
import { startBalancer } from '../src/balancer.ts'
import { ConfigError } from '../src/errors.ts'
import { connectClient, loopbackConfig, startNodes, until } from './support/demo.ts'
import { temporaryFolder } from './support/folder.ts'
import type { Balancer } from '../src/balancer.ts'
import type { DemoDag } from '../src/demo/dag.ts'
import type { DemoNodes } from '../src/demo/demo-nodes.ts'
import type { Libp2p } from '@libp2p/interface'
import type { AddressInfo } from 'node:net'

describe('balancer', function () {
  this.timeout(60_000)

  const path = temporaryFolder()
  let nodes: DemoNodes & { dag: DemoDag }
  let balancer: Balancer
  const clients: Libp2p[] = []

  beforeEach(async () => {
    nodes = await startNodes()
    balancer = await startBalancer(loopbackConfig(nodes.addresses, { key: path('key') }))
  })

  afterEach(async () => {
    await Promise.all(clients.splice(0).map(async host => host.stop()))
    await balancer.stop()
    await nodes.stop()
  })

  it('has one identity, that of its key file, on TCP and WebSockets', async () => {
    expect(existsSync(path('key'))).to.be.true()
    expect(balancer.addresses).to.have.lengthOf(2)

    for (const address of balancer.addresses) {
      expect(address).to.match(new RegExp(`/p2p/${balancer.peerId}$`))
      clients.push((await connectClient(address)).host)
    }

    const { peerId } = balancer
    await balancer.stop()
    balancer = await startBalancer(loopbackConfig(nodes.addresses, { key: path('key') }))

    expect(balancer.peerId).to.equal(peerId)
  })

  it('refuses itself as a node', async () => {
    await expect(startBalancer(loopbackConfig([...nodes.addresses, balancer.addresses[0]], { key: path('key') })))
      .to.eventually.be.rejectedWith(ConfigError, `is the router itself, by its own peer id ${balancer.peerId}`)
  })

  it('passes blocks on over each transport', async () => {
    await until(() => balancer.router.ready)

    for (const address of balancer.addresses) {
      const client = await connectClient(address)
      clients.push(client.host)

      for (const { cid, bytes } of nodes.dag.blocks) {
        expect(Buffer.compare(await client.get(cid), bytes)).to.equal(0)
      }
    }
  })

  it('uses a custom strategy', async () => {
    writeFileSync(path('last-first.mjs'), `export const strategy = () => {
      let members = []
      return {
        update (changed) { members = changed.toSorted((a, b) => a.id < b.id ? 1 : -1) },
        * rank () { yield * members }
      }
    }`)
    await balancer.stop()
    balancer = await startBalancer(loopbackConfig(nodes.addresses, { key: path('key'), strategy: `bounded-load(${path('last-first.mjs')}, 1000)` }))
    await until(() => balancer.router.status().members.every(({ state }) => state === 'up'))
    const client = await connectClient(balancer.addresses[0])
    clients.push(client.host)

    for (const { cid } of nodes.dag.blocks) {
      await client.get(cid)
    }

    const [first, last] = [...balancer.router.status().members].sort((a, b) => a.id < b.id ? -1 : 1)
    expect(first.totals.asks).to.equal(0)
    expect(last.totals.blocks).to.equal(nodes.dag.blocks.length)
  })

  it('connects to the nodes with an identity other than the public one', async () => {
    await until(() => balancer.router.ready)
    const { members } = balancer.router.status()

    expect(members.map(({ id }) => id)).to.deep.equal(nodes.addresses)
    // a node may answer the public identity on any of its connections
    expect(nodes.peers()).to.have.lengthOf(1)
    expect(nodes.peers()).to.not.include(balancer.peerId)
  })

  it('is ready while a node is up', async () => {
    await until(async () => (await fetch(`${balancer.adminUrl}/readyz`)).status === 200)
    await nodes.stop()
    await until(async () => (await fetch(`${balancer.adminUrl}/readyz`)).status === 503)

    expect(await (await fetch(`${balancer.adminUrl}/readyz`)).json()).to.deep.equal({ status: 'not ready', reason: 'no downstream node is up' })
    expect((await fetch(`${balancer.adminUrl}/healthz`)).status).to.equal(200)
  })

  it('counts each block once, even if its metrics are read repeatedly', async () => {
    await until(() => balancer.router.ready)
    const client = await connectClient(balancer.addresses[0])
    clients.push(client.host)
    await Promise.all(nodes.dag.blocks.map(async ({ cid }) => client.get(cid)))

    for (let i = 0; i < 3; i++) {
      const text = await (await fetch(`${balancer.adminUrl}/metrics`)).text()
      const sent = /^kitsune_router_blocks_sent_total (\d+)$/m.exec(text)
      const asked = [...text.matchAll(/^kitsune_router_member_asks_total\{.*\} (\d+)$/mg)].map(([, n]) => Number(n))

      expect(Number(sent?.[1])).to.equal(nodes.dag.blocks.length)
      expect(asked.reduce((a, b) => a + b)).to.equal(nodes.dag.blocks.length)

      for (const name of ['first_answer', 'block', 'member_first_answer', 'member_block']) {
        const counts = [...text.matchAll(new RegExp(`^kitsune_router_${name}_seconds_count\\S* (\\d+)$`, 'mg'))].map(([, n]) => Number(n))

        expect(counts.reduce((a, b) => a + b), name).to.equal(nodes.dag.blocks.length)
      }
    }
  })

  it('labels only downstreams in its metrics', async () => {
    await until(() => balancer.router.ready)
    const client = await connectClient(balancer.addresses[0])
    clients.push(client.host)
    await client.get(nodes.dag.root)

    const text = await (await fetch(`${balancer.adminUrl}/metrics`)).text()
    const samples = text.split('\n').filter(line => line.startsWith('kitsune_')).map(line => line.replace(/le="[^"]*",?/, ''))
    const labels = new Set(samples.flatMap(line => [...line.matchAll(/[{,](\w+)="([^"]*)"/g)].map(([, name, value]) => `${name}=${value}`)))

    expect([...labels]).to.have.members(nodes.addresses.map(address => `member=${address}`))
    expect(text).to.not.include(client.host.peerId.toString())
  })

  it('describes itself in its status', async () => {
    const status = await (await fetch(`${balancer.adminUrl}/status`)).json()

    expect(status).to.include({ name: 'kitsune-balancer', peerId: balancer.peerId, draining: false })
    expect(status.members).to.have.lengthOf(2)
  })

  it('shows its nodes with peer ids, addresses and times, and every number with its unit', async () => {
    await until(() => balancer.router.status().members.every(({ state }) => state === 'up'))
    const client = await connectClient(balancer.addresses[0])
    clients.push(client.host)
    await Promise.all(nodes.dag.blocks.map(async ({ cid }) => client.get(cid)))
    const status = await (await fetch(`${balancer.adminUrl}/status`)).json()

    for (const [i, address] of nodes.addresses.entries()) {
      const member = status.members[i]
      expect(member).to.include({ id: address, configured: address, state: 'up', peer: address.split('/').at(-1) })
      expect(member.addresses).to.deep.equal([address])
      expect(member.connectedTo).to.have.lengthOf(1)
      expect(Date.parse(member.since)).to.be.within(Date.parse(status.startedAt), Date.now())
      expect(member).to.not.have.any.keys('latency', 'lastError')
    }

    expect(status.members.some(({ latencyMs }: { latencyMs?: number }) => latencyMs != null)).to.be.true()
    expect(status).to.include({ unsentBytes: 0 }).and.to.not.have.property('unsent')
    expect(status.limits).to.deep.equal({
      maxConnections: 2000,
      maxNewConnections: 512,
      wantsPerClient: 1024,
      wantsPerMember: 512,
      ejectAfter: 5,
      wantLifetimeSeconds: 600,
      unsentBytes: 64 << 20,
      inFlightBytes: 64 << 20,
      ejectionSeconds: 30,
      preloadBytesPerClientAndHour: 64 * 2 ** 30,
      preloadBytesPerHour: 2 ** 40
    })

    await nodes.stop()
    await until(() => !balancer.router.ready)
    const { members } = await (await fetch(`${balancer.adminUrl}/status`)).json()

    for (const member of members) {
      expect(member).to.include({ state: 'down', peer: member.id.split('/').at(-1) })
      expect(member.lastError.message).to.be.a('string').that.is.not.empty()
      expect(Date.parse(member.lastError.at)).to.be.within(Date.parse(status.startedAt), Date.now())
    }
  })

  it('applies the configured limits', async () => {
    await balancer.stop()
    balancer = await startBalancer(loopbackConfig(nodes.addresses, { key: path('key'), limits: { ...loopbackConfig(nodes.addresses).limits, wantsPerClient: 4 } }))
    const client = await connectClient(balancer.addresses[0])
    clients.push(client.host)
    // send more wants than the limit, while no node answers
    await nodes.stop()
    await until(() => !balancer.router.ready)
    nodes.dag.blocks.forEach(({ cid }) => { client.get(cid).catch(() => {}) })
    await until(() => balancer.router.status().totals.evicted > 0)

    expect(balancer.router.status().wants).to.equal(4)
  })

  it('reports that it drains before it has finished', async () => {
    await until(() => balancer.router.ready)
    const drained = balancer.drain({ signal: AbortSignal.timeout(5000) })

    expect(await (await fetch(`${balancer.adminUrl}/readyz`)).json()).to.deep.equal({ status: 'not ready', reason: 'draining' })
    await drained
  })

  it('leaves nothing running and no port in use once stopped', async () => {
    const { adminUrl, addresses } = balancer
    await balancer.stop()
    await balancer.stop()

    await expect(fetch(`${adminUrl}/healthz`)).to.eventually.be.rejected()
    await expect(connectClient(addresses[0])).to.eventually.be.rejected()
  })

  describe('that cannot start', () => {
    it('leaves a corrupt key unchanged', async () => {
      writeFileSync(path('bad'), 'corrupt')

      await expect(startBalancer(loopbackConfig(nodes.addresses, { key: path('bad') }))).to.eventually.be.rejected
        .with.property('name', 'KeyFileError')
      expect(readFileSync(path('bad'), 'utf8')).to.equal('corrupt')
    })

    it('names the address that is in use, and releases the others', async () => {
      const other = createServer()
      await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
      const { port } = other.address() as AddressInfo
      const privateKey = await generateKeyPair('Ed25519')

      try {
        await expect(startBalancer(loopbackConfig(nodes.addresses, { listen: [`/ip4/127.0.0.1/tcp/${port}`] }), { privateKey }))
          .to.eventually.be.rejectedWith(`/ip4/127.0.0.1/tcp/${port}`).with.property('name', 'StartError')
        await expect(startBalancer(loopbackConfig(nodes.addresses, { admin: { host: '127.0.0.1', port } }), { privateKey }))
          .to.eventually.be.rejectedWith('--admin').with.property('name', 'StartError')
      } finally {
        await new Promise(resolve => other.close(resolve))
      }
    })
  })

  it('announces the configured addresses', async () => {
    const announced = '/dns4/balancer.example/tcp/4001'
    const privateKey = await generateKeyPair('Ed25519')
    const other = await startBalancer(loopbackConfig(nodes.addresses, { announce: [announced] }), { privateKey })

    try {
      expect(other.addresses).to.deep.equal([`${announced}/p2p/${peerIdFromPrivateKey(privateKey)}`])
    } finally {
      await other.stop()
    }
  })
})
