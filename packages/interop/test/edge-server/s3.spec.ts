import { copyFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { expect } from 'aegir/chai'
import { startLocalWorker } from 'kitsune-edge/local'
import { exportedSha256, writeCarSamples } from '../../src/car-samples.ts'
import { startEdgeServer } from '../../src/edge-server.ts'
import { FULL } from '../../src/full.ts'
import { kitsuneIndexScript } from '../../src/kitsune-index.ts'
import { needKubo, needVersitygw } from '../../src/needs.ts'
import { removeFolder, runProcess, temporaryFolder } from '../../src/processes.ts'
import { stack } from '../../src/stack.ts'
import { startVersitygw } from '../../src/versitygw.ts'
import type { CarSample } from '../../src/car-samples.ts'
import type { Versitygw } from '../../src/versitygw.ts'

/** Of the file. */
const SIZE = FULL ? 100 << 20 : 8 << 20
const BUCKET = 'carpark'

describe('the edge server over S3', function () {
  this.timeout(FULL ? 300_000 : 120_000)

  let binary: string
  let folder: string
  let samples: CarSample[]
  let s3: Versitygw
  let env: Record<string, string>
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'the edge server over S3')
    const gateway = needVersitygw(this, 'the edge server over S3')
    folder = temporaryFolder('cars')
    samples = await writeCarSamples(binary, folder, SIZE)
    s3 = await startVersitygw(gateway, [BUCKET])
    env = { AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey }
    await runProcess(process.execPath, [kitsuneIndexScript(), 'add', ...samples.map(({ file }) => file), '--to', `s3://${BUCKET}`, '--endpoint', s3.endpoint], { env })
  })

  afterEach(async () => {
    await peers.stop()
  })

  after(async () => {
    await s3?.stop()
    removeFolder(folder)
  })

  it('a kubo pins a file, a sharded directory, a deep DAG and dag-cbor from a bucket, over TCP and WebSockets', async () => {
    const edge = await startEdgeServer({ cars: `s3://${BUCKET}`, args: ['--endpoint', s3.endpoint], env })
    peers.onStop(async () => edge.stop())

    for (const address of [edge.tcp, edge.ws]) {
      const client = await peers.kubo()
      await client.connect(address)

      for (const { name, root, sha256 } of samples) {
        await client.pin(root)
        expect(await exportedSha256(client, root), name).to.equal(sha256)
      }
    }
  })

  it('the Worker reads from S3 what R2 does not have', async () => {
    const cars = temporaryFolder('some-cars')
    const [first, second] = samples
    copyFileSync(second.file, join(cars, basename(second.file)))
    const identity = Buffer.from(privateKeyToProtobuf(await generateKeyPair('Ed25519'))).toString('base64')
    const edge = await startLocalWorker({ cars, identity, bindings: { ...env, S3_BUCKET: BUCKET, S3_ENDPOINT: s3.endpoint } })
    peers.onStop(async () => {
      await edge.stop()
      removeFolder(cars)
    })
    const client = await peers.kubo()
    await client.connect(edge.address)

    for (const { root, sha256 } of [second, first]) {
      await client.pin(root)
      expect(await exportedSha256(client, root)).to.equal(sha256)
    }

    const metrics = await (await fetch(`${edge.url}/metrics`)).text()
    expect(metrics).to.match(/operations_total\{kind="s3Get"\} [1-9]/)
    expect(metrics).to.match(/operations_total\{kind="r2Get"\} [1-9]/)
  })
})
