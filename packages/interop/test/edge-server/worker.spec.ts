import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { expect } from 'aegir/chai'
import { startLocalWorker } from 'kitsune-edge/local'
import { exportedSha256, writeCarSamples } from '../../src/car-samples.ts'
import { seededBuffer } from '../../src/dag.ts'
import { FULL } from '../../src/full.ts'
import { startJsIpfs } from '../../src/js-ipfs.ts'
import { kitsuneIndexScript } from '../../src/kitsune-index.ts'
import { needJsIpfs, needKubo } from '../../src/needs.ts'
import { removeFolder, runProcess, temporaryFolder } from '../../src/processes.ts'
import { stack } from '../../src/stack.ts'
import { readByHelia } from '../support/helia-client.ts'
import { sha256 } from '../support/sha256.ts'
import type { CarSample } from '../../src/car-samples.ts'
import type { LocalWorker, LocalWorkerInit } from 'kitsune-edge/local'

/** Of the file. */
const SIZE = FULL ? 100 << 20 : 8 << 20

describe('the edge server in workerd', function () {
  this.timeout(FULL ? 300_000 : 120_000)

  let binary: string
  let cars: string
  /** The same CARs, with what `kitsune-index` writes beside them. */
  let indexed: string
  let samples: CarSample[]
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'the edge server in workerd')
    cars = temporaryFolder('cars')
    indexed = temporaryFolder('indexed-cars')
    samples = await writeCarSamples(binary, cars, SIZE)
    await runProcess(process.execPath, [kitsuneIndexScript(), 'add', ...samples.map(({ file }) => file), '--to', indexed])
  })

  afterEach(async () => {
    await peers.stop()
  })

  after(() => {
    removeFolder(cars)
    removeFolder(indexed)
  })

  async function start (init: Pick<LocalWorkerInit, 'cars' | 'layout'>): Promise<LocalWorker> {
    const identity = Buffer.from(privateKeyToProtobuf(await generateKeyPair('Ed25519'))).toString('base64')
    const worker = await startLocalWorker({ ...init, identity })
    peers.onStop(async () => worker.stop())

    return worker
  }

  it('a kubo pins a file, a sharded directory, a deep DAG and dag-cbor from CARs in R2, over WebSockets', async () => {
    const edge = await start({ cars })
    const client = await peers.kubo()
    await client.connect(edge.address)

    for (const { name, root, sha256 } of samples) {
      await client.pin(root)
      expect(await exportedSha256(client, root), name).to.equal(sha256)
    }
  })

  it('by DUDEWHERE and SATNAV a kubo pins by the root; blocks that are not roots are found for a client that comes back, also when the isolate has gone', async () => {
    const edge = await start({ cars: indexed, layout: 'dudewhere' })
    const client = await peers.kubo()
    await client.connect(edge.address)
    const { root, inner, sha256 } = samples[0]
    await client.pin(root)
    expect(await exportedSha256(client, root)).to.equal(sha256)

    await client.call('pin/rm', [root])
    await client.removeBlock(inner)
    await client.disconnect(edge.address)
    await edge.restart()
    await client.connect(edge.address)
    expect((await client.getBlock(inner)).byteLength).to.be.above(0)

    // it has read another root only: nothing is known of what is below this one
    await expect(client.getBlock(samples[1].inner, { signal: AbortSignal.timeout(1000) })).to.eventually.be.rejected()
  })

  it('js-ipfs is refused, since it speaks mplex alone, which tells nothing of what a peer has read', async function () {
    const edge = await start({ cars })
    const ipfs = await startJsIpfs(needJsIpfs(this, 'js-ipfs at the edge server in workerd'))
    peers.onStop(ipfs.stop)

    await expect(ipfs.connect(edge.address)).to.eventually.be.rejected()
    expect((await fetch(`${edge.url}/healthz`)).status).to.equal(200)
  })

  it('Helia reads a file, over WebSockets', async () => {
    const edge = await start({ cars })
    const file = await readByHelia(peers, edge.address, samples[0].root)

    expect(sha256(file)).to.equal(sha256(seededBuffer(SIZE, 'file')))
  })
})
