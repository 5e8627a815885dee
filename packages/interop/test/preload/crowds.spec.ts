import { expect } from 'aegir/chai'
import { seededBuffer } from '../../src/dag.ts'
import { FULL } from '../../src/full.ts'
import { needJsIpfs, needKubo } from '../../src/needs.ts'
import { recordPreload } from '../../src/preload-results.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import { preloadingJsIpfs, storedHash } from '../support/js-ipfs-preload.ts'
import { startPreloadNode } from '../support/preload-node.ts'
import { sha256 } from '../support/sha256.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { JsIpfs } from '../../src/js-ipfs.ts'
import type { Kubo } from '../../src/kubo.ts'

const FILES_IN_A_ROW = FULL ? 100 : 20
const CLIENTS = FULL ? 20 : 3
const LARGE = FULL ? 50 << 20 : 8 << 20
const FILES_OF_DIRECTORY = FULL ? 1000 : 100

describe(`preload of many and large files by js-ipfs: ${FILES_IN_A_ROW} files, ${CLIENTS} clients, ${LARGE >> 20} MiB, a directory of ${FILES_OF_DIRECTORY}`, function () {
  this.timeout(FULL ? 600_000 : 120_000)

  let binary: string
  let modules: string
  let kubo: Kubo
  let balancer: Balancer
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload of many and large files')
    modules = needJsIpfs(this, 'preload of many and large files')
    ;({ kubo, balancer } = await startPreloadNode(peers))
  })

  after(async () => {
    await peers.stop()
  })

  const client = async (): Promise<JsIpfs> => preloadingJsIpfs(peers, modules, balancer)

  /** Waits until this many more requests have succeeded, and none has failed. */
  const preloaded = async (what: string, requests: number, act: () => Promise<void>): Promise<void> => {
    const start = performance.now()
    const complete = async (): Promise<number> => balancer.metric('kitsune_preload_requests_total', 'outcome="complete"')
    const before = await complete()
    await act()
    await poll(async () => await complete() >= before + requests, `${requests} requests to end`, { timeout: FULL ? 240_000 : 60_000 })

    for (const outcome of ['failed', 'refused']) {
      expect(await balancer.metric('kitsune_preload_requests_total', `outcome="${outcome}"`), outcome).to.equal(0)
    }

    if (FULL) {
      recordPreload([{ what: `${what} of js-ipfs, added and preloaded`, value: `${((performance.now() - start) / 1000).toFixed(1)} s` }])
    }
  }

  /** The hash of a file as far as the node itself has it. */
  const stored = async (path: string): Promise<string> => storedHash(kubo, path)

  it('takes many files of one client in a row', async () => {
    const ipfs = await client()
    const cids = new Map<string, string>()
    await preloaded(`${FILES_IN_A_ROW} files in a row`, FILES_IN_A_ROW, async () => {
      for (let i = 0; i < FILES_IN_A_ROW; i++) {
        const file = seededBuffer(1000 + i, `row-${i}`)
        cids.set(await ipfs.add(file, { cidVersion: i % 2, rawLeaves: i % 2 === 1 }), sha256(file))
      }
    })

    for (const [cid, digest] of cids) {
      expect(await stored(cid)).to.equal(digest)
    }
  })

  it('takes files of many clients at once', async () => {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, client))
    const cids = new Map<string, string>()
    await preloaded(`files of ${CLIENTS} clients at once`, CLIENTS, async () => {
      await Promise.all(clients.map(async (ipfs, i) => {
        const file = seededBuffer(600_000, `crowd-${i}`)
        cids.set(await ipfs.add(file), sha256(file))
      }))
    })

    for (const [cid, digest] of cids) {
      expect(await stored(cid)).to.equal(digest)
    }

    await Promise.all(clients.map(async ({ stop }) => stop()))
  })

  it('takes a large file, which another js-ipfs reads when the first has gone', async () => {
    const ipfs = await client()
    const file = seededBuffer(LARGE, 'large')
    let cid = ''
    await preloaded(`a file of ${LARGE >> 20} MiB`, 1, async () => { cid = await ipfs.add(file) })

    expect(await stored(cid)).to.equal(sha256(file))
    await ipfs.stop()
    // it asks for all blocks at once, and mplex has no flow control: its js-libp2p resets a stream of which more than 4 MiB are unread
    const other = await client()
    expect(sha256(await other.cat(cid))).to.equal(sha256(file))
    await other.stop()
  })

  it('takes a directory of many files', async () => {
    const ipfs = await client()
    let cid = ''
    await preloaded(`a directory of ${FILES_OF_DIRECTORY} files`, 1, async () => { cid = await ipfs.addDirectory(FILES_OF_DIRECTORY, 1000) })

    for (const i of [0, FILES_OF_DIRECTORY >> 1, FILES_OF_DIRECTORY - 1]) {
      expect(await stored(`${cid}/${i}.txt`)).to.equal(sha256(Buffer.alloc(1000, `file ${i} `)))
    }
  })
})
