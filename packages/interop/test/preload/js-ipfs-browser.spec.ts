import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { needChromium, needJsIpfs, needKubo } from '../../src/needs.ts'
import { stack } from '../../src/stack.ts'
import { bundlePage, runPage } from '../support/chromium-page.ts'
import { startForwardingProxy } from '../support/forwarding-proxy.ts'
import { startPreloadNode } from '../support/preload-node.ts'
import { sha256 } from '../support/sha256.ts'
import type { JsIpfsResult, JsIpfsTask } from './js-ipfs-page.ts'
import type { Kubo } from '../../src/kubo.ts'

/** More files than the four that a browser preloads at a time. */
const SIZES = [3_000_000, 1, 1000, 100_000, 300_000, 600_000]

describe('preload by js-ipfs in Chromium', function () {
  this.timeout(120_000)

  let binary: string
  let chromium: string
  let script: string
  let kubo: Kubo
  let nodes: Pick<JsIpfsTask, 'preloader' | 'address'>
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload by js-ipfs in Chromium')
    chromium = needChromium(this, 'preload by js-ipfs in Chromium')
    const modules = needJsIpfs(this, 'preload by js-ipfs in Chromium')
    // its addresses are of the version that it knows
    const page = await bundlePage(new URL('./js-ipfs-page.ts', import.meta.url), { '@multiformats/multiaddr': join(modules, '@multiformats/multiaddr/dist/src/index.js') })
    script = [await bundlePage(new URL('./watch-preloads.ts', import.meta.url)), readFileSync(join(modules, 'ipfs-core/dist/index.min.js'), 'utf8'), page].join('\n')
    const node = await startPreloadNode(peers)
    kubo = node.kubo
    const { balancer } = node
    // in a browser js-ipfs dials addresses with TLS only
    const tls = await startForwardingProxy({ target: Number(/\/tcp\/(\d+)\//.exec(balancer.ws)?.[1]), tls: true })
    peers.onStop(tls.stop)
    nodes = {
      preloader: `/ip4/127.0.0.1/tcp/${new URL(balancer.preload).port}/http`,
      address: `/ip4/127.0.0.1/tcp/${tls.port}/wss/p2p/${balancer.peerId}`
    }
  })

  after(async () => {
    await peers.stop()
  })

  const run = async (task: Pick<JsIpfsTask, 'add' | 'read'>): Promise<JsIpfsResult> => {
    const result = await runPage<JsIpfsResult>(chromium, script, { ...nodes, ...task }, ['--ignore-certificate-errors'])
    expect(result.failure ?? '').to.equal('')

    return result
  }

  it('stores files at the node, which another browser reads when the first has gone', async () => {
    const { added, preloads } = await run({ add: SIZES, read: [] })

    expect(preloads.map(({ status }) => status)).to.deep.equal(SIZES.map(() => 200))

    for (const { cid, sha256: digest } of added) {
      expect(sha256(await (await kubo.call('cat', [cid], { offline: 'true' })).bytes())).to.equal(digest)
    }

    const { read } = await run({ add: [], read: added.map(({ cid }) => cid) })
    expect(read).to.deep.equal(added.map(({ sha256 }) => sha256))
  })
})
