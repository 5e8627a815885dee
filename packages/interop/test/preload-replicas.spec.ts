import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { seededBlock } from '../src/blocks.ts'
import { seededBuffer } from '../src/dag.ts'
import { FULL } from '../src/full.ts'
import { startJsIpfs } from '../src/js-ipfs.ts'
import { needJsIpfs, needKubo, needRedis } from '../src/needs.ts'
import { recordPreload } from '../src/preload-results.ts'
import { removeFolder, temporaryFolder } from '../src/processes.ts'
import { startRedis } from '../src/redis.ts'
import { tcpPort } from '../src/relay.ts'
import { serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { startTcpProxy } from '../src/tcp-proxy.ts'
import { delay, poll } from '../src/until.ts'
import type { ProbedBalancer } from '../src/attack/probed-balancer.ts'
import type { JsIpfs } from '../src/js-ipfs.ts'
import type { Kubo } from '../src/kubo.ts'
import type { Redis } from '../src/redis.ts'
import type { TcpProxy } from '../src/tcp-proxy.ts'
import type { WirePeer } from '../src/wire-peer.ts'

/** Within which a request is answered while Redis fails, all is well again after that, and a block comes by bitswap meanwhile, ms. */
const [ANSWER, RETURN, BLOCK] = [1000, 2000, 1000]
/** How much more a replica may hold after that, bytes: what varies, and no queue of commands. */
const SLACK = 8 << 20
/** When requests come after Redis was killed: before the replicas have noticed, and after that. And for how long it is away, ms. */
const [MOMENTS, AWAY] = [[0, 300, 1000], 2000]
/** Requests a second, and for how long, while Redis fails. */
const [RATE, SECONDS] = FULL ? [200, 15] : [10, 2]

/** Of times, the longest first. */
const p99 = (times: readonly number[]): string => (times[Math.floor(times.length / 100)] ?? NaN).toFixed(1)

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('preload by replicas behind a TCP proxy', function () {
  this.timeout(90_000)

  let binary: string
  let modules: string
  let kubo: Kubo
  let redis: Redis
  let replicas: ProbedBalancer[]
  /** The proxy in front of all replicas. */
  let ws: TcpProxy
  let http: TcpProxy
  const folder = temporaryFolder('replicas')
  const peers = stack(() => binary)

  const startReplica = async (): Promise<ProbedBalancer> => peers.probed({ downstreams: [kubo.url], keyFile: join(folder, 'key'), args: ['-p', '127.0.0.1:0', '--redis', redis.url] })

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
    /** Another one, a kubo. */
    let holder: Kubo
    /** A DAG that the node already has. */
    let atNode: string
    let files = 0
    /** A client of bitswap alone, and the blocks that it has wanted. */
    let reader: WirePeer
    let wanted = 0

    before(async () => {
      // it is asked, too, as a client of the same address
      reader = await peers.wire({ onMessage: serveBlocks([]) })
      await reader.connect(replicas[0].tcp)
      holder = await peers.kubo()
      await holder.connect(replicas[0].tcp)
      ipfs = await client(0, [])
      atNode = await ipfs.add(seededBuffer(300_000, 'replicas-held'))
      expect(await ask(atNode, 1)).to.include({ status: 200 })
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
      await poll(async () => (await Promise.all(replicas.map(async replica => replica.metric('kitsune_preload_redis_up')))).every(n => n === value), `Redis to be ${value === 1 ? 'up' : 'down'}`, { timeout: RETURN })
    }

    /** Whether Redis has two connections of each replica, and each is subscribed. */
    const connected = async (): Promise<boolean> => {
      const [clients, subscribers] = [await redis.command('INFO clients'), await redis.command(`PUBSUB NUMSUB kitsune:preload:1:${replicas[0].peerId}`)]

      // and the one that asks
      return clients.includes('connected_clients:5\r') && subscribers.endsWith(':2')
    }

    /** Within the time that is promised from when Redis answers. */
    const back = async (): Promise<void> => {
      const start = performance.now()
      // they may not have noticed that it was gone
      await poll(connected, 'both replicas to be connected to Redis', { timeout: RETURN })
      await up(1)
      await found(1)
      expect(performance.now() - start).to.be.lessThan(RETURN)
      await preloadsAcross()
    }

    /** Wants one fresh block of the node after another by bitswap until `over` resolves; returns how long each took, ms, the longest first. */
    const bitswapTimes = async (over: Promise<unknown>): Promise<number[]> => {
      const times: number[] = []
      const state = { over: false }
      over.finally(() => { state.over = true }).catch(() => {})

      while (!state.over) {
        const block = await seededBlock(1000, `bitswap ${++wanted}`)
        await kubo.putBlock(block.bytes)
        const start = performance.now()
        await reader.fetch(replicas[0].peerId, [block.cid])
        times.push(performance.now() - start)
      }

      return times.sort((a, b) => b - a)
    }

    /** Requests for what the node has, at both replicas. */
    const load = async (seconds: number): Promise<Array<{ status: number, ms: number }>> => {
      const answers: Array<Promise<{ status: number, ms: number }>> = []
      const start = performance.now()

      for (let i = 0; i < RATE * seconds; i++) {
        await delay(Math.max(0, start + i * 1000 / RATE - performance.now()))
        answers.push(ask(atNode, i % 2))
      }

      return Promise.all(answers)
    }

    /** What each replica holds after a full collection, bytes. */
    const held = async (): Promise<number[]> => Promise.all(replicas.map(async replica => replica.held()))

    type Step = () => Promise<unknown> | void

    const survives = (name: string, begin: Step, end: Step): void => {
      it(`answers every request when it ${name}, and finds clients again when it returns`, async () => {
        const healthy = load(FULL ? 3 : 0)
        const idle = await bitswapTimes(healthy)
        const before = await held()
        await begin()
        // from the start, before the replicas have noticed
        const loaded = load(SECONDS)
        const [answers, times] = await Promise.all([loaded, bitswapTimes(loaded)])
        expect(times.filter(ms => ms > BLOCK)).to.be.empty()

        if (FULL) {
          recordPreload([{ what: `bitswap, p99 of a block while Redis ${name}, and before`, value: `${p99(times)} ms, ${p99(idle)} ms` }])
        }

        for (const { status, ms } of answers) {
          expect(status).to.equal(200)
          // without Redis they do not wait for a client that might connect
          expect(ms).to.be.lessThan(ANSWER)
        }

        await up(0)
        const readiness = await fetch(`${replicas[1].admin}/readyz`)
        expect(`${readiness.status} ${(await readiness.json() as { problem?: string }).problem}`).to.match(/^200 Redis at redis:\/\/127.0.0.1:\d+ does not answer/)

        await end()
        await back()
        await poll(async () => (await held()).every((bytes, i) => bytes < before[i] + SLACK), 'the replicas to hold as much as before', { timeout: 20_000, interval: 500 })
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

    MOMENTS.forEach(ms => {
      it(`completes a request that comes ${ms} ms after it was killed, as soon as it is back`, async () => {
        const { bytes } = await seededBlock(1000, `killed ${ms}`)
        const cid = await holder.putBlock(bytes)
        const killed = redis.kill()
        await delay(ms)
        const answer = ask(`${cid}&peer=${holder.peerId}`, 1)
        await killed
        // until the node has been told that the other replica has not got it
        await delay(AWAY)
        await redis.start()

        expect(await answer).to.include({ status: 200 })
        expect(await kubo.has(cid)).to.equal(true)
        await back()
      })
    })

    it('goes on when connections to it are cut', async () => {
      await redis.command('CLIENT KILL TYPE normal SKIPME yes')
      await redis.command('CLIENT KILL TYPE pubsub')
      // until they would have noticed
      await delay(2_000)
      await back()
    })

    it('stays connected where Redis closes connections that are idle', async () => {
      const downs = (): number => replicas.flatMap(({ output }) => output).filter(line => line.includes('only find clients that are connected to this process')).length
      const before = downs()
      await redis.command('CONFIG SET timeout 1')
      // until it would have closed them
      await delay(3_500)
      const clients = await redis.command('INFO clients')
      await back()
      await redis.command('CONFIG SET timeout 0')
      // two of each replica, and the one that asks
      expect(clients).to.match(/connected_clients:5\r/)
      expect(downs()).to.equal(before)
    })

    it('finds clients while Redis loads its data', async () => {
      await redis.kill()
      await redis.start(['--enable-debug-command', 'yes'])
      await redis.command('DEBUG POPULATE 100000')
      expect(await redis.command('SAVE')).to.equal('+OK')
      await redis.kill()
      await redis.start(['--key-load-delay', '100', '--loading-process-events-interval-bytes', '1024'])
      await back()
      expect(await redis.command('GET a')).to.match(/^-LOADING/)
      await redis.kill()
      await redis.start(['--dbfilename', 'none.rdb'])
      await back()
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
    })
  })
})
