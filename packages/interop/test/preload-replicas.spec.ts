import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { seededBuffer } from '../src/dag.ts'
import { startJsIpfs } from '../src/js-ipfs.ts'
import { needJsIpfs, needKubo, needRedis } from '../src/needs.ts'
import { removeFolder, temporaryFolder } from '../src/processes.ts'
import { startRedis } from '../src/redis.ts'
import { tcpPort } from '../src/relay.ts'
import { stack } from '../src/stack.ts'
import { startTcpProxy } from '../src/tcp-proxy.ts'
import { poll } from '../src/until.ts'
import type { Balancer } from '../src/balancer.ts'
import type { JsIpfs } from '../src/js-ipfs.ts'
import type { Kubo } from '../src/kubo.ts'
import type { Redis } from '../src/redis.ts'
import type { TcpProxy } from '../src/tcp-proxy.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('preload by replicas behind a TCP proxy', function () {
  this.timeout(90_000)

  let binary: string
  let modules: string
  let kubo: Kubo
  let redis: Redis
  let replicas: Balancer[]
  /** In front of all replicas. */
  let ws: TcpProxy
  let http: TcpProxy
  const folder = temporaryFolder('replicas')
  const peers = stack(() => binary)

  const startReplica = async (): Promise<Balancer> => peers.balancer({ downstreams: [kubo.url], keyFile: join(folder, 'key'), args: ['-p', '127.0.0.1:0', '--redis', redis.url] })

  /** Where replicas know of each other. */
  const found = async (others: number): Promise<void> => {
    await poll(async () => (await Promise.all(replicas.map(async replica => replica.metric('kitsune_preload_processes')))).every(n => n === others), 'the replicas to find each other')
  }

  before(async function () {
    binary = needKubo(this, 'preload by replicas')
    modules = needJsIpfs(this, 'preload by replicas')
    redis = await startRedis(needRedis(this, 'preload by replicas'))
    peers.onStop(redis.stop)
    kubo = await peers.kubo()
    // the first one creates the key
    replicas = [await startReplica()]
    replicas.push(await startReplica())
    expect(replicas[0].peerId).to.equal(replicas[1].peerId)
    ws = await startTcpProxy(replicas.map(replica => tcpPort(replica.ws)))
    http = await startTcpProxy(replicas.map(replica => Number(new URL(replica.preload).port)))
    peers.onStop(ws.stop)
    peers.onStop(http.stop)
    await found(1)
  })

  after(async () => {
    await peers.stop()
    removeFolder(folder)
  })

  /** A js-ipfs whose connection goes to one replica and whose requests go to the other. */
  const client = async (connectedTo: number): Promise<JsIpfs> => {
    const ipfs = await startJsIpfs(modules, { preloaders: [`/ip4/127.0.0.1/tcp/${http.port}/http`] })
    peers.onStop(ipfs.stop)
    ws.next = connectedTo
    http.next = 1 - connectedTo
    await ipfs.connect(`/ip4/127.0.0.1/tcp/${ws.port}/ws/p2p/${replicas[0].peerId}`)

    return ipfs
  }

  const stored = async (cid: string): Promise<string> => sha256(await (await kubo.call('cat', [cid], { offline: 'true' })).bytes())

  it('leaves a file at the node, though connection and request are at different replicas', async () => {
    const file = seededBuffer(2_000_000, 'replicas')
    const ipfs = await client(0)
    const cid = await ipfs.add(file)

    await poll(async () => await stored(cid) === sha256(file), 'the node to have the file', { timeout: 20_000 })
    await poll(async () => await replicas[1].metric('kitsune_preload_requests_total', 'outcome="complete"') === 1, 'the request to have ended')
    // the blocks came through the other one
    expect(await replicas[0].metric('kitsune_preload_bytes_total')).to.be.greaterThan(2_000_000)
    expect(await replicas[1].metric('kitsune_preload_bytes_total')).to.equal(0)

    await ipfs.stop()
    const other = await client(1)
    expect(sha256(await other.cat(cid))).to.equal(sha256(file))
  })
})
