import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { expect } from 'aegir/chai'
import { startLocalWorker } from 'kitsune-edge/local'
import { exportedSha256, writeCarSamples } from '../../src/car-samples.ts'
import { needKubo } from '../../src/needs.ts'
import { removeFolder, temporaryFolder } from '../../src/processes.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import type { CarSample } from '../../src/car-samples.ts'
import type { LocalWorker, LocalWorkerInit } from 'kitsune-edge/local'

/** Of the file whose reads are counted: more than an isolate keeps in memory, and enough blocks for what the first ones cost. */
const SIZE = 100 << 20
/** Of the file whose transfers are broken off. */
const BROKEN_SIZE = 24 << 20
/** A bucket of which every fifth read, at random places, fails. */
const FAULTY = `
export default ({ inner }) => {
  let calls = 0
  return {
    async get (key, options) {
      if (++calls % 5 === 2) {
        throw new Error('get: We encountered an internal error. Please try again. (10001)')
      }
      return inner.get(key, options)
    },
    head: async key => inner.head(key),
    list: async options => inner.list(options)
  }
}`

describe('transfers from the edge server in workerd', function () {
  this.timeout(120_000)

  let binary: string
  const folders: string[] = []
  const peers = stack(() => binary)

  before(function () {
    binary = needKubo(this, 'transfers from the edge server in workerd')
  })

  afterEach(async () => {
    await peers.stop()
  })

  after(() => {
    folders.forEach(removeFolder)
  })

  async function start (size: number, init: Partial<LocalWorkerInit> = {}): Promise<{ edge: LocalWorker, file: CarSample }> {
    const cars = temporaryFolder('cars')
    folders.push(cars)
    const [file] = await writeCarSamples(binary, cars, size)
    const identity = Buffer.from(privateKeyToProtobuf(await generateKeyPair('Ed25519'))).toString('base64')
    const edge = await startLocalWorker({ cars, identity, ...init })
    peers.onStop(async () => edge.stop())

    return { edge, file }
  }

  async function metric ({ url }: LocalWorker, name: string): Promise<number> {
    const line = (await (await fetch(`${url}/metrics`)).text()).split('\n').find(line => line.startsWith(`kitsune_edge_${name} `))

    return Number(line?.split(' ')[1])
  }

  async function readsPerBlock (edge: LocalWorker, file: CarSample): Promise<number> {
    const client = await peers.kubo()
    const count = async (): Promise<[number, number]> => [await metric(edge, 'operations_total{kind="r2Get"}'), await metric(edge, 'blocks_sent_total')]
    const [reads, blocks] = await count()
    await client.connect(edge.address)
    await client.pin(file.root)
    expect(await exportedSha256(client, file.root)).to.equal(file.sha256)
    const [readsAfter, blocksAfter] = await count()
    await client.disconnect(edge.address)

    return (readsAfter - reads) / (blocksAfter - blocks)
  }

  it('take at most 0.15 reads of R2 for each block of a file, and 0.1 when the map has been read', async () => {
    const { edge, file } = await start(SIZE)

    expect(await readsPerBlock(edge, file), 'cold').to.be.at.most(0.15)
    expect(await readsPerBlock(edge, file), 'warm').to.be.at.most(0.1)
    expect(await metric(edge, 'dollars_per_million_blocks')).to.be.at.most(0.15)
  })

  it('go on when the isolate is evicted in their middle', async () => {
    const { edge, file } = await start(BROKEN_SIZE)
    const client = await peers.kubo()
    await client.connect(edge.address)
    const pinned = client.pin(file.root)
    await poll(async () => await metric(edge, 'blocks_sent_total') > 20, 'some blocks to have been sent')
    await edge.restart()
    await client.connect(edge.address)
    await pinned
    expect(await exportedSha256(client, file.root)).to.equal(file.sha256)
  })

  it('are whole while reads of R2 fail, and while connections end since their sub-requests are used up', async () => {
    const { edge, file } = await start(BROKEN_SIZE, { bucket: { script: FAULTY }, bindings: { SUB_REQUESTS: '10' } })
    const client = await peers.kubo()
    // as a kubo does by itself with a peer that it is peered with
    const reconnecting = setInterval(() => { client.connect(edge.address).catch(() => {}) }, 200)

    try {
      await client.pin(file.root)
    } finally {
      clearInterval(reconnecting)
    }

    expect(await exportedSha256(client, file.root)).to.equal(file.sha256)
    expect(await metric(edge, 'budgets_spent_total')).to.be.above(0)
  })
})
