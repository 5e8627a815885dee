import { createHash } from 'node:crypto'
import { expect } from 'aegir/chai'
import { seededBuffer } from '../src/dag.ts'
import { startJsIpfs } from '../src/js-ipfs.ts'
import { needJsIpfs, needKubo, needRedis } from '../src/needs.ts'
import { removeFolder, temporaryFolder } from '../src/processes.ts'
import { startRedis } from '../src/redis.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import type { Balancer } from '../src/balancer.ts'
import type { JsIpfs } from '../src/js-ipfs.ts'
import type { Kubo } from '../src/kubo.ts'
import type { Redis } from '../src/redis.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The parts of a worker's status that are used. */
interface WorkerStatus {
  readonly worker: number
  readonly pid: number
}

describe('preload by workers', function () {
  this.timeout(90_000)

  let binary: string
  let modules: string
  let kubo: Kubo
  let redis: Redis
  let balancer: Balancer
  const folder = temporaryFolder('workers')
  const peers = stack(() => binary)

  const start = async (): Promise<Balancer> => {
    const started = await peers.balancer({ downstreams: [kubo.url], keyFile: `${folder}/key`, args: ['--workers', '2', '-p', '127.0.0.1:0', '--redis', redis.url] })
    await together(started)

    return started
  }

  /** Waits until both workers listen, are connected to the node, and know each other. */
  const together = async (balancer: Balancer): Promise<void> => {
    await poll(async () => {
      const metrics = ['kitsune_balancer_workers', 'kitsune_router_member_up', 'kitsune_preload_redis_up', 'kitsune_preload_processes']

      return (await Promise.all(metrics.map(async name => balancer.metric(name, name.endsWith('member_up') ? kubo.url : '')))).join() === '2,1,1,1'
    }, 'both workers to be there', { timeout: 20_000 })
  }

  before(async function () {
    binary = needKubo(this, 'preload by workers')
    modules = needJsIpfs(this, 'preload by workers')
    redis = await startRedis(needRedis(this, 'preload by workers'))
    peers.onStop(redis.stop)
    kubo = await peers.kubo()
    balancer = await start()
  })

  after(async () => {
    await peers.stop()
    removeFolder(folder)
  })

  const client = async (): Promise<JsIpfs> => {
    const ipfs = await startJsIpfs(modules)
    peers.onStop(ipfs.stop)
    await ipfs.connect(balancer.ws)

    return ipfs
  }

  /** Asks as js-ipfs does, each time over a new connection, which goes to the workers in turn. */
  const preload = async (cid: string): Promise<number> => {
    const response = await fetch(`${balancer.preload}/api/v0/refs?r=true&arg=${cid}`, { method: 'POST', headers: { connection: 'close' } })
    await response.text()

    return response.status
  }

  const stored = async (cid: string): Promise<string> => sha256(await (await kubo.call('cat', [cid], { offline: 'true' })).bytes())

  it('finds the client at whichever worker it is connected', async () => {
    const ipfs = await client()

    for (const name of ['one', 'two', 'three', 'four']) {
      const file = seededBuffer(400_000, `workers-${name}`)
      const cid = await ipfs.add(file)
      expect([name, await preload(cid), await stored(cid)]).to.deep.equal([name, 200, sha256(file)])
    }

    // the connection is at one of them, and the requests were at both
    expect(await balancer.metric('kitsune_preload_requests_total', 'outcome="complete"')).to.equal(4)
    expect(balancer.output.filter(line => line.includes('at another process'))).to.have.lengthOf(2)
    await ipfs.stop()
  })

  it('replaces a worker that dies, while the other one serves', async () => {
    const { workers } = await (await fetch(`${balancer.admin}/status`)).json() as { readonly workers: WorkerStatus[] }
    expect(workers.map(({ worker }) => worker)).to.deep.equal([1, 2])
    process.kill(workers[0].pid, 'SIGKILL')
    await poll(async () => await balancer.metric('kitsune_balancer_worker_deaths_total') === 1, 'the death to be noticed', { interval: 10 })
    expect(await balancer.ready()).to.equal(true)

    await together(balancer)
    const ipfs = await client()

    for (const name of ['five', 'six']) {
      const file = seededBuffer(400_000, `workers-${name}`)
      const cid = await ipfs.add(file)
      expect([name, await preload(cid), await stored(cid)]).to.deep.equal([name, 200, sha256(file)])
    }

    await ipfs.stop()
  })

  it('serves data from before a restart', async () => {
    const file = seededBuffer(1_500_000, 'workers-restart')
    const ipfs = await client()
    const cid = await ipfs.add(file)
    expect(await preload(cid)).to.equal(200)
    await ipfs.stop()

    const { peerId } = balancer
    expect(await balancer.stop()).to.deep.equal({ code: 0, signal: null })
    balancer = await start()
    expect(balancer.peerId).to.equal(peerId)
    expect(sha256(await (await client()).cat(cid))).to.equal(sha256(file))
  })
})
