import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { expect } from 'aegir/chai'
import { startLocalWorker } from 'kitsune-edge/local'
import { exportedSha256, writeCarSamples } from '../../src/car-samples.ts'
import { FULL } from '../../src/full.ts'
import { needKubo } from '../../src/needs.ts'
import { removeFolder, temporaryFolder } from '../../src/processes.ts'
import { stack } from '../../src/stack.ts'
import type { CarSample } from '../../src/car-samples.ts'
import type { LocalWorker } from 'kitsune-edge/local'

/** Of the file. */
const SIZE = FULL ? 60 << 20 : 8 << 20

describe('the edge server in workerd', function () {
  this.timeout(FULL ? 300_000 : 90_000)

  let binary: string
  let folder: string
  let samples: CarSample[]
  let edge: LocalWorker
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'the edge server in workerd')
    folder = temporaryFolder('cars')
    samples = await writeCarSamples(binary, folder, SIZE)
    const identity = Buffer.from(privateKeyToProtobuf(await generateKeyPair('Ed25519'))).toString('base64')
    edge = await startLocalWorker({ cars: folder, identity })
    peers.onStop(async () => edge.stop())
  })

  after(async () => {
    await peers.stop()
    removeFolder(folder)
  })

  it('a kubo pins a file, a sharded directory, a deep DAG and dag-cbor from CARs in R2, over WebSockets', async () => {
    const client = await peers.kubo()
    await client.connect(edge.address)

    for (const { name, root, sha256 } of samples) {
      await client.pin(root)
      expect(await exportedSha256(client, root), name).to.equal(sha256)
    }
  })
})
