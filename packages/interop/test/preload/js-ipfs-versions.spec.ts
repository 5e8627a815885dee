import { expect } from 'aegir/chai'
import { seededBuffer } from '../../src/dag.ts'
import { needJsIpfs, needKubo, needOldJsIpfs } from '../../src/needs.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import { preloadingJsIpfs, storedHash } from '../support/js-ipfs-preload.ts'
import { startPreloadNode } from '../support/preload-node.ts'
import { sha256 } from '../support/sha256.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { JsIpfs } from '../../src/js-ipfs.ts'
import type { Kubo } from '../../src/kubo.ts'

describe('preload by an old js-ipfs', function () {
  this.timeout(90_000)

  let binary: string
  let old: string
  let last: string
  let kubo: Kubo
  let balancer: Balancer
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload by an old js-ipfs')
    old = needOldJsIpfs(this, 'preload by an old js-ipfs')
    last = needJsIpfs(this, 'preload by an old js-ipfs')
    ;({ kubo, balancer } = await startPreloadNode(peers))
  })

  after(async () => {
    await peers.stop()
  })

  const client = async (modules: string): Promise<JsIpfs> => preloadingJsIpfs(peers, modules, balancer)

  /** One adds a file, and when it has gone the other reads it. */
  const passOn = async (from: string, to: string, cidVersion: number): Promise<void> => {
    const file = seededBuffer(1_000_000, `version-${cidVersion}`)
    const ipfs = await client(from)
    const cid = await ipfs.add(file, { cidVersion, rawLeaves: cidVersion === 1 })
    await poll(async () => await storedHash(kubo, cid) === sha256(file), 'the node to have the file', { timeout: 20_000 })
    await ipfs.stop()
    const other = await client(to)

    expect(sha256(await other.cat(cid))).to.equal(sha256(file))
    await other.stop()
  }

  it('leaves a file that the last one reads when the old one has gone', async () => passOn(old, last, 0))

  it('reads a file that the last one has left', async () => passOn(last, old, 1))
})
