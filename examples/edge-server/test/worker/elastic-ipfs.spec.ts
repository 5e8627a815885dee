import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { expect } from 'aegir/chai'
import { base58btc } from 'multiformats/bases/base58'
import { startLocalWorker } from '../../src/local/local-worker.ts'
import { blockOf, carOf } from '../support/cars.ts'
import type { LocalWorker } from '../../src/local/local-worker.ts'
import type { TestBlock } from '../support/cars.ts'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const BUCKET = 'dotstorage-prod-0'
const PREFIX = `us-east-2/${BUCKET}/`
const CAR = 'raw/bafyroot/315318734258452893/ciqcar.car'

describe('the Worker over the buckets and the table of Elastic IPFS', function () {
  this.timeout(60_000)

  let folder: string
  let inR2: TestBlock
  let inS3: TestBlock
  let inOtherBucket: TestBlock
  let absent: TestBlock
  let amazon: Server
  let worker: LocalWorker
  /** Of DynamoDB, while it is well. */
  let down = false

  before(async () => {
    [inR2, inS3, inOtherBucket, absent] = await Promise.all(['in R2', 'in S3', 'in another bucket', 'absent'].map(blockOf))
    folder = await mkdtemp(join(tmpdir(), 'kitsune-edge-'))
    await writeFile(join(folder, 'some.car'), carOf([inR2]))
    const car = carOf([inR2, inS3])
    const offset = Buffer.from(car).indexOf(inS3.bytes)
    const row = (path: string): object => ({ carpath: { S: path }, offset: { N: String(offset) }, length: { N: String(inS3.bytes.byteLength) } })
    const rows = new Map([[keyOf(inS3), row(PREFIX + CAR)], [keyOf(inOtherBucket), row('us-east-2/another/x.car')]])

    amazon = createServer((request, response) => {
      if (request.method === 'POST') {
        answerQuery(request, response, rows, down).catch((err: Error) => { response.destroy(err) })
      } else {
        answerRead(request, response, car)
      }
    })
    await new Promise<void>(resolve => { amazon.listen(0, '127.0.0.1', resolve) })
    const endpoint = `http://127.0.0.1:${(amazon.address() as AddressInfo).port}`
    worker = await startLocalWorker({
      cars: folder,
      identity: Buffer.from(privateKeyToProtobuf(await generateKeyPair('Ed25519'))).toString('base64'),
      bindings: { S3_BUCKET: BUCKET, S3_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', DYNAMO_TABLE: 'prod-ep-v1-blocks-cars-position', DYNAMO_ENDPOINT: endpoint, CAR_PREFIX: PREFIX }
    })
  })

  afterEach(() => {
    down = false
  })

  after(async () => {
    await worker?.stop()
    amazon?.closeAllConnections()
    await new Promise(resolve => { amazon?.close(resolve) })
    await rm(folder, { recursive: true })
  })

  async function get ({ cid }: TestBlock): Promise<{ status: number, bytes: Uint8Array }> {
    const response = await fetch(`${worker.url}/ipfs/${cid}?format=raw`)

    return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) }
  }

  async function paid (kind: string): Promise<number> {
    const [, count] = new RegExp(`kind="${kind}"} (\\d+)`).exec(await (await fetch(`${worker.url}/metrics`)).text()) ?? []

    return Number(count)
  }

  it('reads blocks that R2 does not have from S3, where the table says, and counts both', async () => {
    expect(await get(inR2)).to.deep.equal({ status: 200, bytes: inR2.bytes })
    expect(await paid('dynamoRead')).to.equal(0)

    expect(await get(inS3)).to.deep.equal({ status: 200, bytes: inS3.bytes })
    expect(await paid('dynamoRead')).to.equal(1)
    expect(await paid('s3Get')).to.equal(1)
  })

  it('sends no DONT_HAVE for blocks that the table does not list, lists in another bucket, or cannot look up', async () => {
    expect((await get(absent)).status).to.equal(503)
    expect((await get(inOtherBucket)).status).to.equal(503)

    down = true
    const unread = await blockOf('not read before')
    expect((await get(unread)).status).to.equal(503)
    // which needs no table
    expect((await get(inR2)).status).to.equal(200)
  })
})

function keyOf ({ cid }: TestBlock): string {
  return base58btc.encode(cid.multihash.bytes)
}

async function answerQuery (request: IncomingMessage, response: ServerResponse, rows: ReadonlyMap<string, object>, down: boolean): Promise<void> {
  const { ExpressionAttributeValues: { ':key': { S: key } } } = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { ExpressionAttributeValues: { ':key': { S: string } } }
  const row = rows.get(key)
  response.statusCode = down ? 500 : 200
  response.end(JSON.stringify(down ? {} : { Items: row == null ? [] : [row] }))
}

function answerRead ({ url, headers }: IncomingMessage, response: ServerResponse, car: Uint8Array): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')?.map(Number) ?? []

  if (url !== `/${BUCKET}/${CAR}` || from == null) {
    response.writeHead(404).end()

    return
  }

  const bytes = car.subarray(from, to + 1)
  response.writeHead(206, { 'content-length': bytes.byteLength, 'content-range': `bytes ${from}-${from + bytes.byteLength - 1}/${car.byteLength}`, etag: '"1"' }).end(bytes)
}
