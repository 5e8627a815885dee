import { createHash } from 'node:crypto'
import { expect } from 'aegir/chai'
import { seededBuffer } from '../src/dag.ts'
import { startJsIpfs } from '../src/js-ipfs.ts'
import { needJsIpfs, needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import type { Balancer } from '../src/balancer.ts'
import type { JsIpfs } from '../src/js-ipfs.ts'
import type { Kubo } from '../src/kubo.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

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
    kubo = await peers.kubo()
    balancer = await peers.balancer({ downstreams: [kubo.url], args: ['-p', '127.0.0.1:0'] })
  })

  after(async () => {
    await peers.stop()
  })

  /** A js-ipfs that is connected to the balancer alone, and preloads through it. */
  const client = async (): Promise<JsIpfs> => {
    const ipfs = await startJsIpfs(modules, { preloaders: [`/ip4/127.0.0.1/tcp/${new URL(balancer.preload).port}/http`] })
    peers.onStop(ipfs.stop)
    await ipfs.connect(balancer.ws)

    return ipfs
  }

  /** What the node has of a file by itself. */
  const stored = async (cid: string): Promise<string> => sha256(await (await kubo.call('cat', [cid], { offline: 'true' })).bytes())

  /** As js-ipfs asks, read to its end, which throws if it is broken off. */
  const refs = async (query: string): Promise<{ status: number, lines: string[] }> => {
    const response = await fetch(`${balancer.preload}/api/v0/refs?${query}`, { method: 'POST' })

    return { status: response.status, lines: (await response.text()).split('\n').filter(line => line !== '') }
  }

  it('leaves a file at the node, which another js-ipfs reads when the first has gone', async () => {
    const file = seededBuffer(2_000_000, 'preload')
    const ipfs = await client()
    const cid = await ipfs.add(file)

    await poll(async () => await stored(cid) === sha256(file), 'the node to have the file', { timeout: 20_000 })
    await ipfs.stop()
    const other = await client()
    expect(sha256(await other.cat(cid))).to.equal(sha256(file))
  })

  it('answers 200 and a clean end when the node has all of it', async () => {
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
