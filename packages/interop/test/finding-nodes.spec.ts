import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { expect } from 'aegir/chai'
import { seededBlock } from '../src/blocks.ts'
import { createDag } from '../src/dag.ts'
import { FULL } from '../src/full.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { delay, poll } from '../src/until.ts'
import type { Balancer } from '../src/balancer.ts'
import type { Dag } from '../src/dag.ts'
import type { Kubo } from '../src/kubo.ts'
import type { AddressInfo, Server, Socket } from 'node:net'

const MiB = 1 << 20

/** How long an operator may wait for a node to be up, ms. */
const SOON = 2_000

const LISTEN = { Swarm: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'], API: '/ip4/127.0.0.1/tcp/0', Gateway: '' }
const LOOPBACK = '/ip4/127.0.0.0/ipcidr/8'

describe('finding a kubo', function () {
  this.timeout(120_000)

  let binary: string
  let dag: Dag
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'nodes of many addresses, and nodes that do not announce theirs')
    dag = await createDag(binary, { size: 8 * MiB, blockSize: 256 << 10, seed: 'finding' })
  })

  afterEach(async () => {
    await peers.stop()
  })

  const listen = async (server: Server, host = '127.0.0.1'): Promise<number> => {
    await new Promise<void>(resolve => { server.listen(0, host, resolve) })

    return (server.address() as AddressInfo).port
  }

  /** The address of a server that accepts connections and sends nothing. */
  const mute = async (host: string, id: string): Promise<string> => {
    const sockets = new Set<Socket>()
    const server = createServer(socket => {
      sockets.add(socket)
      socket.on('error', () => {})
    })
    const port = await listen(server, host)
    peers.onStop(async () => {
      sockets.forEach(socket => { socket.destroy() })
      await new Promise(resolve => server.close(resolve))
    })

    return `/ip4/${host}/tcp/${port}/p2p/${id}`
  }

  /** An RPC that replaces a kubo's, and answers the same except for the addresses. */
  const stubRpc = async (kubo: Kubo, addresses?: string[]): Promise<{ url: string, ids: number }> => {
    const stub = { url: '', ids: 0 }
    const server = createHttpServer((request, response) => {
      const path = request.url ?? ''
      stub.ids += path === '/api/v0/id' ? 1 : 0

      if (addresses != null) {
        response.end(path === '/api/v0/id' ? JSON.stringify({ ID: kubo.peerId, Addresses: addresses }) : '{"Strings":null}')
      } else {
        kubo.call(path.replace('/api/v0/', '')).then(async answer => { response.end(await answer.text()) }, () => { response.destroy() })
      }
    })
    stub.url = `http://127.0.0.1:${await listen(server)}`
    peers.onStop(async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    })

    return stub
  }

  const memberOf = async (balancer: Balancer, id: string): Promise<{ state: string, why?: string }> => {
    const { members } = await (await fetch(`${balancer.admin}/status`)).json() as { members: Array<{ id: string, state: string, why?: string }> }

    return members.find(member => member.id === id) ?? { state: 'not a member' }
  }

  const upSoon = async (url: string): Promise<void> => {
    const balancer = await peers.balancer({ downstreams: [url], ready: false })
    const start = performance.now()
    await poll(balancer.ready, 'the node to be up', { interval: 10 })
    expect(performance.now() - start).to.be.lessThan(SOON)
  }

  it('takes a second though its first address accepts connections and sends nothing', async () => {
    const kubo = await peers.kubo()
    // the port is tried at the host of the RPC, too
    await upSoon((await stubRpc(kubo, [await mute('127.0.0.1', kubo.peerId), await mute('127.0.0.2', kubo.peerId), kubo.tcp])).url)
  })

  it('takes a second though thirty addresses refuse before the one that works', async () => {
    const kubo = await peers.kubo()
    const servers = Array.from({ length: 30 }, () => createServer())
    const ports = await Promise.all(servers.map(async server => listen(server, '127.0.0.2')))
    await Promise.all(servers.map(async server => new Promise(resolve => server.close(resolve))))

    await upSoon((await stubRpc(kubo, [...ports.map(port => `/ip4/127.0.0.2/tcp/${port}/p2p/${kubo.peerId}`), kubo.tcp])).url)
  })

  const hidden: Record<string, Record<string, unknown>> = {
    'announces no address': { NoAnnounce: [LOOPBACK] },
    // nothing listens there
    'announces a name that leads nowhere': { Announce: ['/dns4/localhost/tcp/9/tls/ws'] }
  }

  const pinFromHidden = async (addresses: Record<string, unknown>): Promise<void> => {
    const [special, other] = await Promise.all([
      peers.kubo({ dag, share: 'even', config: { Addresses: { ...LISTEN, ...addresses } } }),
      peers.kubo({ dag, share: 'odd' })
    ])
    expect((await special.id()).Addresses?.filter(address => address.includes('127.0.0.1')) ?? []).to.be.empty()
    const balancer = await peers.balancer({ downstreams: [special.url, other.url] })
    const client = await peers.kubo()

    await client.connect(balancer.tcp)
    await client.pin(dag.root, { signal: AbortSignal.timeout(30_000) })

    expect(await client.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
    expect((await memberOf(balancer, special.url)).state).to.equal('up')
  }

  for (const [what, addresses] of Object.entries(hidden)) {
    it(`succeeds though it ${what}, and only it has half of the data`, async () => {
      await pinFromHidden(addresses)
    })
  }

  it('fails with a reason if it filters us, without a dial loop, and blocks of the other member are served', async () => {
    const [filtering, other] = await Promise.all([
      peers.kubo({ config: { Swarm: { AddrFilters: [LOOPBACK] } } }),
      peers.kubo()
    ])
    const [here, there] = [await seededBlock(1_000, 'at the other'), await seededBlock(1_000, 'at the one that filters')]
    await other.putBlock(here.bytes)
    await filtering.putBlock(there.bytes)
    const rpc = await stubRpc(filtering)
    const balancer = await peers.balancer({ downstreams: [rpc.url, other.url] })
    const start = performance.now()
    const client = await peers.wire()
    await client.connect(balancer.tcp)
    await client.want(balancer.peerId, [there.cid], { sendDontHave: true })
    await client.fetch(balancer.peerId, [here.cid])

    await poll(async () => (await memberOf(balancer, rpc.url)).why?.includes('AddrFilters') === true, 'the reason')
    const ids = rpc.ids
    await delay(3_000)
    expect(rpc.ids - ids, 'attempts in three seconds').to.be.within(1, 8)
    // it may have the block, as far as is known
    expect(client.presences.size).to.equal(0)

    if (FULL) {
      await client.until(() => client.presences.get(there.cid.toString()) === 'dont-have', 'the DONT_HAVE', 80_000)
      expect(performance.now() - start).to.be.within(55_000, 80_000)
    }
  })
})
