import { join } from 'node:path'
import { createMapWriter, scanCar } from '@kitsune/block-source'
import { folderMapStore, fsStore } from '@kitsune/block-source/fs'
import { unmuxed, WINDOW_UPDATE, yamuxFrame } from '@kitsune/host/testing'
import { expect } from 'aegir/chai'
import { seededBlocks } from '../../src/blocks.ts'
import { BUCKET_SCRIPT } from '../../src/http-bucket.ts'
import { inspectIsolate } from '../../src/isolate-inspector.ts'
import { residentBytes } from '../../src/memory.ts'
import { removeFolder, temporaryFolder } from '../../src/processes.ts'
import { startRelay } from '../../src/relay.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import { workerdPids } from '../../src/workerd-pids.ts'
import { startWorker, workerMetric } from '../support/local-worker.ts'
import { serveFolder } from '../support/served-folder.ts'
import { writeCar } from '../support/write-car.ts'
import type { TestBlock } from '../../src/blocks.ts'
import type { IsolateInspector } from '../../src/isolate-inspector.ts'
import type { Relay } from '../../src/relay.ts'
import type { Connection, Stream } from '@libp2p/interface'
import type { LocalWorker } from 'kitsune-edge/local'

const MiB = 1 << 20
const BLOCKS = 400
/** What is read before memory is measured: caches are full then, and code is compiled. */
const WARM_UP = 100
const CROWD = 40
/** Of an isolate of Cloudflare, bytes. */
const ISOLATE = 128e6
/** What a client reads beside a crowd that does not. */
const READ = 20

describe('the memory of the edge server in workerd, when clients want 400 MiB and never read', function () {
  this.timeout(180_000)

  let folder: string
  let empty: string
  let blocks: TestBlock[]
  let edge: LocalWorker
  let relay: Relay
  let inspector: IsolateInspector
  const files = stack()
  const peers = stack()

  before(async function () {
    if (residentBytes(process.pid) == null) {
      console.warn('skipped, since this system has no /proc: the memory of the edge server in workerd') // eslint-disable-line no-console
      this.skip()
    }

    folder = temporaryFolder('cars')
    empty = temporaryFolder('no-cars')
    blocks = await seededBlocks(BLOCKS, MiB, 'slow readers of the edge')
    await writeCar(join(folder, 'blocks.car'), blocks)
    const store = fsStore({ folder })
    await createMapWriter(folderMapStore({ folder })).add([{ name: 'blocks.car', blocks: () => scanCar(store, 'blocks.car') }])
    const served = await serveFolder(folder)
    files.onStop(served.stop)
    // R2 in the memory of workerd would be measured, too
    edge = await startWorker({ cars: empty, inspector: true, bucket: { script: BUCKET_SCRIPT, bindings: { url: served.url } } })
    files.onStop(async () => edge.stop())
    inspector = await inspectIsolate(await edge.miniflare.getInspectorURL(), 'edge')
    files.onStop(async () => { inspector.close() })
    relay = await startRelay(edge.address)
    files.onStop(relay.stop)
    await read(WARM_UP)
    await peers.stop()
  })

  afterEach(async () => {
    await peers.stop()
  })

  after(async () => {
    await files.stop()
    removeFolder(folder)
    removeFolder(empty)
  })

  /** A client that reads as many MiB. */
  async function read (count: number): Promise<void> {
    const reader = await peers.wire({ keeps: false })
    await reader.connect(edge.address)
    await reader.want(edge.peerId, blocks.slice(0, count).map(({ cid }) => cid))
    await reader.until(() => reader.bytesReceived >= count * MiB, `all of ${count} MiB`, 120_000)
  }

  /** What the isolate holds, and what workerd has resident, without garbage, bytes. */
  async function memory (): Promise<{ isolate: number, resident: number }> {
    let collected = false
    inspector.collect().then(() => { collected = true }, () => {})

    await poll(async () => {
      // an idle isolate collects when the next request comes
      await workerMetric(edge, 'connections')

      return collected
    }, 'the isolate to collect garbage')

    const [pid] = workerdPids()
    const { heap, buffers } = await inspector.memory()

    return { isolate: heap + buffers, resident: residentBytes(pid)?.now ?? 0 }
  }

  /** The streams on which a client gets blocks. */
  function answers (connection: Connection): Stream[] {
    return connection.streams.filter(({ direction, protocol }) => direction === 'inbound' && protocol.startsWith('/ipfs/bitswap'))
  }

  /** Clients whose sockets are read no more, and who open their windows as far as yamux lets them. */
  async function mute (count: number): Promise<void> {
    const connections: Connection[] = []
    const cids = blocks.map(({ cid }) => cid)

    for (let i = 0; i < count; i++) {
      const first = WARM_UP + i * (BLOCKS - WARM_UP) / count
      const peer = await peers.wire({ reads: false })
      await peer.connect(relay.address)
      await peer.want(edge.peerId, [...cids.slice(first), ...cids.slice(0, first)])
      const [connection] = peer.connections(edge.peerId)
      await poll(() => answers(connection).length > 0, 'a stream for the answers', { timeout: 60_000 })
      connections.push(connection)
    }

    relay.freezeAnswers()
    const before = await workerMetric(edge, 'sent_bytes_total')
    connections.forEach(connection => { answers(connection).forEach(({ id }) => unmuxed(connection).send(yamuxFrame(WINDOW_UPDATE, 0, Number(id), 0xffffffff))) })
    let last = before

    await poll(async () => {
      const sent = await workerMetric(edge, 'sent_bytes_total')
      const all = sent > before && sent === last
      last = sent

      return all
    }, 'all to be sent that will be', { timeout: 60_000, interval: 2_000 })
  }

  async function gone (): Promise<void> {
    await peers.stop()
    relay.reset()
    await poll(async () => await workerMetric(edge, 'connections') === 0, 'all connections to end', { timeout: 30_000 })
  }

  it('grows by less than 16 MiB for one, and by nothing after it has gone', async () => {
    const before = await memory()
    await mute(1)
    const during = await memory()
    await gone()
    const after = await memory()

    expect(during.resident - before.resident, 'while it is connected').to.be.below(16 * MiB)
    expect(after.isolate - before.isolate, 'after it has gone').to.be.below(2 * MiB)
  })

  it(`is enough for ${CROWD}, and for one that reads beside them`, async () => {
    const before = await memory()
    await mute(CROWD)
    const during = await memory()
    await read(READ)
    await gone()
    const after = await memory()

    expect(during.isolate, 'while they are connected').to.be.below(ISOLATE)
    expect(during.resident - before.resident, 'while they are connected').to.be.below(ISOLATE)
    expect(after.isolate - before.isolate, 'after they have gone').to.be.below(4 * MiB)
  })
})
