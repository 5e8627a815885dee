import { unixfs } from '@helia/unixfs'
import { wantRouter } from '@kitsune/want-router'
import { routerBlockstore } from '@kitsune/want-router/blockstore'
import { kubo as kubos } from '@kitsune/want-router/discovery/kubo-rpc'
import { routerBroker } from '@kitsune/want-router/helia'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { expect } from 'aegir/chai'
import { createHeliaLight } from 'helia'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { seededBuffer } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import type { Kubo } from '../src/kubo.ts'
import type { WantRouter } from '@kitsune/want-router'
import type { BlockBroker, Helia } from 'helia'

const FILES: Readonly<Record<string, Uint8Array>> = {
  'large.bin': seededBuffer(3 << 20, 'large'),
  'small.txt': seededBuffer(100, 'small')
}

/** Adds the files in a directory, and returns its CID. */
async function addFiles (node: Kubo): Promise<CID> {
  const form = new FormData()

  for (const [name, bytes] of Object.entries(FILES)) {
    form.append('file', new Blob([new Uint8Array(bytes)]), name)
  }

  const response = await node.call('add', [], { 'wrap-with-directory': 'true', 'cid-version': '1', chunker: 'size-65536', pin: 'false' }, { body: form })
  const lines = (await response.text()).trim().split('\n').map(line => JSON.parse(line) as { Name: string, Hash: string })

  return CID.parse(lines.find(({ Name }) => Name === '')?.Hash ?? '')
}

async function gather (pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []

  for await (const piece of pieces) {
    all.push(piece)
  }

  return new Uint8Array(Buffer.concat(all))
}

describe('a router as the block broker of Helia', function () {
  this.timeout(90_000)

  let binary: string
  let holder: Kubo
  let router: WantRouter
  let helia: Helia
  let directory: CID
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'a router as the block broker of Helia')
    holder = await peers.kubo()
    directory = await addFiles(holder)
    const host = await createLibp2p({
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify(), router: wantRouter({ targets: kubos([holder.url]) }) }
    })
    peers.onStop(async () => host.stop())
    router = host.services.router
    await poll(async () => router.ready, 'the router to be ready')

    const broker: BlockBroker = routerBroker(router)
    helia = createHeliaLight({ blockBrokers: [broker] })
    await helia.start()
    peers.onStop(async () => helia.stop())
  })

  after(async () => {
    await peers.stop()
  })

  it('lists a directory that a kubo holds, and reads its files', async () => {
    const fs = unixfs(helia)
    const entries = new Map<string, CID>()

    for await (const { name, cid } of fs.ls(directory)) {
      entries.set(name, cid)
    }

    expect([...entries.keys()].sort()).to.deep.equal(Object.keys(FILES))

    for (const [name, cid] of entries) {
      expect(await gather(fs.cat(cid)), name).to.deep.equal(FILES[name])
    }

    await poll(async () => router.status().clients === 0, 'the router to want nothing')
    expect(router.status()).to.include({ wants: 0, fetches: 0, unsent: 0 })
    expect(router.status().members[0].totals.blocks).to.be.above(48)
  })

  it('reads in a session of Helia', async () => {
    const cid = CID.parse(await holder.putBlock(seededBuffer(1000, 'session')))
    expect(await gather(helia.blockstore.createSession(cid).get(cid))).to.deep.equal(new Uint8Array(seededBuffer(1000, 'session')))
  })

  it('exports from the router itself, as a blockstore', async () => {
    const fs = unixfs({ blockstore: routerBlockstore(router) })
    expect(await gather(fs.cat(directory, { path: 'large.bin' }))).to.deep.equal(FILES['large.bin'])
  })

  it('fails at once if no member has a block, and waits no longer than its caller if none can tell', async () => {
    const missing = CID.parse('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
    await expect(gather(helia.blockstore.get(missing))).to.eventually.be.rejected.with.property('name', 'LoadBlockFailedError')

    await holder.kill()
    const signal = AbortSignal.timeout(500)
    await expect(gather(helia.blockstore.get(missing, { signal }))).to.eventually.be.rejected()
    await poll(async () => router.status().clients === 0, 'the router to want nothing')
  })
})
