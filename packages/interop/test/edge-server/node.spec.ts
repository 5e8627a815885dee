import { expect } from 'aegir/chai'
import { exportedSha256, writeCarSamples } from '../../src/car-samples.ts'
import { seededBuffer } from '../../src/dag.ts'
import { startEdgeServer } from '../../src/edge-server.ts'
import { FULL } from '../../src/full.ts'
import { startJsIpfs } from '../../src/js-ipfs.ts'
import { needJsIpfs, needKubo } from '../../src/needs.ts'
import { removeFolder, temporaryFolder } from '../../src/processes.ts'
import { stack } from '../../src/stack.ts'
import { readByHelia } from '../support/helia-client.ts'
import { sha256 } from '../support/sha256.ts'
import type { CarSample } from '../../src/car-samples.ts'
import type { EdgeServer } from '../../src/edge-server.ts'

/** Of the file. */
const SIZE = FULL ? 100 << 20 : 8 << 20

describe('the edge server on Node.js', function () {
  this.timeout(FULL ? 300_000 : 90_000)

  let binary: string
  let folder: string
  let samples: CarSample[]
  let edge: EdgeServer
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'the edge server on Node.js')
    folder = temporaryFolder('cars')
    samples = await writeCarSamples(binary, folder, SIZE)
    edge = await startEdgeServer({ cars: folder })
    peers.onStop(async () => edge.stop())
  })

  after(async () => {
    await peers.stop()
    removeFolder(folder)
  })

  const transports: Array<'tcp' | 'ws'> = ['tcp', 'ws']

  transports.forEach(transport => {
    it(`a kubo pins a file, a sharded directory, a deep DAG and dag-cbor from a folder of CARs, over ${transport}`, async () => {
      const client = await peers.kubo()
      await client.connect(edge[transport])

      for (const { name, root, sha256 } of samples) {
        await client.pin(root)
        expect(await exportedSha256(client, root), name).to.equal(sha256)
      }
    })
  })

  it('a kubo that knows no root gets blocks by the CIDs of inner nodes', async () => {
    const client = await peers.kubo()
    await client.connect(edge.ws)

    for (const { inner } of samples) {
      expect((await client.getBlock(inner)).byteLength).to.be.above(0)
    }
  })

  it('Helia reads a file, over WebSockets', async () => {
    expect(sha256(await readByHelia(peers, edge.ws, samples[0].root))).to.equal(sha256(seededBuffer(SIZE, 'file')))
  })

  transports.forEach(transport => {
    it(`js-ipfs, which speaks mplex alone, reads a file, over ${transport}`, async function () {
      const ipfs = await startJsIpfs(needJsIpfs(this, 'js-ipfs at the edge server'))
      peers.onStop(ipfs.stop)
      await ipfs.connect(edge[transport])

      expect(sha256(await ipfs.cat(samples[0].root))).to.equal(sha256(seededBuffer(SIZE, 'file')))
    })
  })
})
