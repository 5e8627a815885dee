import { expect } from 'aegir/chai'
import { seededBlocks } from '../src/blocks.ts'
import { seededBuffer } from '../src/dag.ts'
import { startJsIpfs } from '../src/js-ipfs.ts'
import { needJsIpfs, needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import { preloadingJsIpfs, storedHash } from './support/js-ipfs-preload.ts'
import { startPreloadNode } from './support/preload-node.ts'
import { sha256 } from './support/sha256.ts'
import type { Balancer } from '../src/balancer.ts'
import type { JsIpfs } from '../src/js-ipfs.ts'
import type { Kubo } from '../src/kubo.ts'

/** The calls of refs that a node is running. */
async function commands (kubo: Kubo): Promise<number> {
  const running = await (await kubo.call('diag/cmds')).json() as Array<{ Command: string, Active: boolean }>

  return running.filter(({ Command, Active }) => Command === 'refs' && Active).length
}

describe('preload by js-ipfs', function () {
  this.timeout(90_000)

  let binary: string
  let modules: string
  let kubo: Kubo
  let balancer: Balancer
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload by js-ipfs')
    modules = needJsIpfs(this, 'preload by js-ipfs')
    ;({ kubo, balancer } = await startPreloadNode(peers))
  })

  after(async () => {
    await peers.stop()
  })

  const client = async (): Promise<JsIpfs> => preloadingJsIpfs(peers, modules, balancer)

  /** The hash of a file as far as the node itself has it. */
  const stored = async (cid: string): Promise<string> => storedHash(kubo, cid)

  /** Asks as js-ipfs does, and reads the answer to its end; throws if it is broken off. */
  const refs = async (query: string): Promise<{ status: number, lines: string[] }> => {
    const response = await fetch(`${balancer.preload}/api/v0/refs?${query}`, { method: 'POST' })

    return { status: response.status, lines: (await response.text()).split('\n').filter(line => line !== '') }
  }

  it('leaves a file at the node, which another js-ipfs reads when the first has gone', async () => {
    const file = seededBuffer(5_000_000, 'preload')
    const ipfs = await client()
    const cid = await ipfs.add(file)

    await poll(async () => await stored(cid) === sha256(file), 'the node to have the file', { timeout: 20_000 })
    await ipfs.stop()
    const other = await client()
    expect(sha256(await other.cat(cid))).to.equal(sha256(file))
  })

  it('leaves nothing of a hundred requests that are aborted', async () => {
    const before = await balancer.metrics()
    const blocks = await seededBlocks(100, 100, 'preload-aborted')
    const leaving = new AbortController()
    // no node has what they ask for
    const requests = blocks.map(async ({ cid }) => fetch(`${balancer.preload}/api/v0/refs?arg=${cid}`, { method: 'POST', signal: leaving.signal }))
    await poll(async () => await balancer.metric('kitsune_preload_running') + await balancer.metric('kitsune_preload_queued') === 100, 'all to have arrived')
    await poll(async () => await commands(kubo) > 0, 'the node to be asked')
    leaving.abort()
    await Promise.allSettled(requests)

    await poll(async () => await commands(kubo) === 0, 'the node to have given up', { timeout: 2000 })

    for (const metric of ['kitsune_preload_running', 'kitsune_preload_queued', 'kitsune_preload_link_bytes']) {
      expect(await balancer.metric(metric), metric).to.equal(before.get(metric))
    }

    expect(await balancer.metric('kitsune_preload_requests_total', 'outcome="left"')).to.equal(100)
  })

  it('answers with an error when the node is killed', async () => {
    const [{ cid }] = await seededBlocks(1, 100, 'preload-killed')
    const other = await peers.kubo()
    const behind = await peers.balancer({ downstreams: [other.url], args: ['-p', '127.0.0.1:0'] })
    // no peer has it, so the node waits
    const asked = fetch(`${behind.preload}/api/v0/refs?r=true&arg=${cid}`, { method: 'POST' })
    await poll(async () => await commands(other) > 0, 'the node to be asked')
    await other.kill()

    expect((await asked).status).to.equal(502)
  })

  it('answers 200 and ends cleanly when the node has everything', async () => {
    const file = seededBuffer(3_000_000, 'preload-refs')
    const ipfs = await startJsIpfs(modules)
    peers.onStop(ipfs.stop)
    const cid = await ipfs.add(file, { cidVersion: 0, rawLeaves: false })
    const asked = refs(`r=true&arg=${cid}`)
    // the request comes before the connection
    await ipfs.connect(balancer.ws)
    const { status, lines } = await asked

    expect(status).to.equal(200)
    expect(lines).to.have.lengthOf(Math.ceil(3_000_000 / 262_144))
    expect(await stored(cid)).to.equal(sha256(file))
  })
})
