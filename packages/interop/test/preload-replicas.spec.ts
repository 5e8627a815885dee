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
import { delay, poll } from '../src/until.ts'
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
  /** The proxy in front of all replicas. */
  let ws: TcpProxy
  let http: TcpProxy
  const folder = temporaryFolder('replicas')
  const peers = stack(() => binary)

  const startReplica = async (): Promise<Balancer> => peers.balancer({ downstreams: [kubo.url], keyFile: join(folder, 'key'), args: ['-p', '127.0.0.1:0', '--redis', redis.url] })

  /** The database in which replicas find each other. */
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

  /** A js-ipfs whose connection goes to one replica and whose requests, if it preloads, go to the other. */
  const client = async (connectedTo: number, preloaders = [`/ip4/127.0.0.1/tcp/${http.port}/http`]): Promise<JsIpfs> => {
    const ipfs = await startJsIpfs(modules, { preloaders })
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

  describe('while Redis fails', () => {
    /** A client that is connected to the first replica; requests go to either. */
    let ipfs: JsIpfs
    /** A DAG that the node already has. */
    let held: string
    let files = 0

    before(async () => {
      ipfs = await client(0, [])
      held = await ipfs.add(seededBuffer(300_000, 'replicas-held'))
      expect(await ask(held, 1)).to.include({ status: 200 })
    })

    const ask = async (cid: string, replica: number): Promise<{ status: number, ms: number }> => {
      const start = performance.now()
      const response = await fetch(`${replicas[replica].preload}/api/v0/refs?r=true&arg=${cid}`, { method: 'POST' })
      await response.text()

      return { status: response.status, ms: performance.now() - start }
    }

    /** Expects that the other replica finds the client. */
    const preloadsAcross = async (): Promise<void> => {
      const file = seededBuffer(300_000, `replicas-fault-${++files}`)
      const cid = await ipfs.add(file)
      expect([(await ask(cid, 1)).status, await stored(cid)]).to.deep.equal([200, sha256(file)])
    }

    const up = async (value: number): Promise<void> => {
      await poll(async () => (await Promise.all(replicas.map(async replica => replica.metric('kitsune_preload_redis_up')))).every(n => n === value), `Redis to be ${value === 1 ? 'up' : 'down'}`, { timeout: 5_000 })
    }

    type Step = () => Promise<unknown> | void

    const survives = (name: string, begin: Step, end: Step): void => {
      it(`answers every request when it ${name}, and finds clients again when it returns`, async () => {
        await begin()
        // from the start, before the replicas have noticed
        const answers: Array<Promise<{ status: number, ms: number }>> = []

        for (let i = 0; i < 20; i++) {
          answers.push(ask(held, i % 2))
          await delay(100)
        }

        for (const { status, ms } of await Promise.all(answers)) {
          expect(status).to.equal(200)
          // they wait 5 s for a client that might connect
          expect(ms).to.be.lessThan(3_000)
        }

        await up(0)
        const readiness = await fetch(`${replicas[1].admin}/readyz`)
        expect(`${readiness.status} ${(await readiness.json() as { problem?: string }).problem}`).to.match(/^200 Redis at redis:\/\/127.0.0.1:\d+ does not answer/)

        await end()
        await up(1)
        await found(1)
        await preloadsAcross()
      })
    }

    survives('is killed', async () => redis.kill(), async () => redis.start())
    survives('stands still', () => { redis.suspend() }, () => { redis.resume() })
    survives('has come back with a password', async () => {
      await redis.kill()
      await redis.start(['--requirepass', 'other'])
    }, async () => {
      await redis.kill()
      await redis.start()
    })

    it('goes on when connections to it are cut', async () => {
      await redis.command('CLIENT KILL TYPE normal SKIPME yes')
      await redis.command('CLIENT KILL TYPE pubsub')
      // until they would have noticed
      await delay(2_000)
      await up(1)
      await found(1)
      await preloadsAcross()
    })

    it('works when Redis is full or read-only, and whatever else is stored there', async () => {
      expect(await redis.command(`SET kitsune:preload:1:${replicas[0].peerId} x`)).to.equal('+OK')
      await redis.command('CONFIG SET maxmemory 1')
      expect(await redis.command('SET a b')).to.match(/^-OOM/)
      await preloadsAcross()
      await redis.command('CONFIG SET maxmemory 0')

      await redis.command('REPLICAOF 127.0.0.1 1')
      expect(await redis.command('SET a b')).to.match(/^-READONLY/)
      await preloadsAcross()
      await redis.command('REPLICAOF NO ONE')

      // and commands that are refused while a database loads have no such flag
      for (const command of ['publish', 'subscribe']) {
        expect(await redis.command(`COMMAND INFO ${command}`)).to.match(/\+loading\r\n\+stale/).and.not.to.match(/\+(denyoom|write)/)
      }
    })
  })
})
