import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createMapWriter, scanCar } from '@kitsune/block-source'
import { folderMapStore, fsStore } from '@kitsune/block-source/fs'
import { BUCKET_SCRIPT, inspectIsolate, removeFolder, startProcess, temporaryFolder, workerdPids } from '@kitsune/interop'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { startLocalWorker } from 'kitsune-edge/local'
import { Miniflare } from 'miniflare'
import { makeCar } from '../block-source/made-car.ts'
import { progress } from '../print.ts'
import { cpuUsage, peakRss, since } from '../process-usage.ts'
import { fetchAll, fetchBare } from './client.ts'
import { BARE_SCRIPT } from './workers.ts'
import type { Seen } from './client.ts'
import type { EdgeScenario } from './scenarios.ts'

/** One run of a scenario. CPU time is that of the process of workerd, including work outside of JavaScript; R2 is another process. */
export interface EdgeRun {
  readonly scenario: string
  readonly through: 'edge' | 'bare'
  readonly megabytesPerSecond: number
  readonly blocksPerSecond: number
  /** Of the wants, ms. */
  readonly p50: number
  readonly p99: number
  /** From the first want to the first block, ms. */
  readonly first: number
  readonly cpuSecondsPerGiB: number
  readonly cpuMsPerBlock: number
  /** Reads of R2 for each block; 0 for `bare`. */
  readonly readsPerBlock: number
  /** The price of a million blocks by list prices, dollars: operations, connections and CPU time; 0 for `bare`. */
  readonly dollars: number
  /** The peak of the isolate's memory in samples, bytes: with garbage unless the scenario collects; 0 for `bare`. */
  readonly memory: number
  /** Of the process of workerd, bytes. */
  readonly peakRss: number
}

/** The price of CPU time, dollars for a million milliseconds, in the unit of `PRICES`. */
const CPU_PRICE = 0.02
/** The interval of memory samples, ms; longer with collections, which stop the isolate. */
const LOOK_INTERVAL = 100
const COLLECT_INTERVAL = 1_000

/** Measures scenarios, each with a new Worker, beside a Worker that sends the same bytes without libp2p. */
export async function measureEdge (scenarios: readonly EdgeScenario[], rounds: number): Promise<EdgeRun[]> {
  const runs: EdgeRun[] = []

  for (const scenario of scenarios) {
    for (let round = 0; round < rounds; round++) {
      for (const run of [runEdge, runBare]) {
        const result = await run(scenario)
        runs.push(result)
        progress(`${scenario.name} ${round + 1}/${rounds} ${result.through}: ${result.megabytesPerSecond.toFixed(1)} MB/s, p99 ${result.p99.toFixed(0)} ms, CPU ${result.cpuSecondsPerGiB.toFixed(2)} s/GiB`)
      }
    }
  }

  return runs
}

async function runEdge (scenario: EdgeScenario): Promise<EdgeRun> {
  const { blocks, blockSize, open, connections, collects = false } = scenario
  const folder = temporaryFolder('edge-store')
  const empty = temporaryFolder('edge-empty')
  const { cids } = await makeCar(join(folder, 'blocks.car'), blocks, blockSize)
  const files = fsStore({ folder })
  await createMapWriter(folderMapStore({ folder })).add([{ name: 'blocks.car', blocks: () => scanCar(files, 'blocks.car') }])
  const store = startProcess(process.execPath, [fileURLToPath(new URL('./store-process.js', import.meta.url)), folder])
  const { url } = JSON.parse(await store.line(line => line.startsWith('{'))) as { url: string }
  const identity = Buffer.from(privateKeyToProtobuf(await generateKeyPair('Ed25519'))).toString('base64')
  const worker = await startLocalWorker({ cars: empty, identity, inspector: true, bucket: { script: BUCKET_SCRIPT, bindings: { url } }, bindings: { SUB_REQUESTS: '9000' } })

  const inspector = await inspectIsolate(await worker.miniflare.getInspectorURL(), 'edge')
  let memory = 0

  const look = async (): Promise<void> => {
    if (collects) {
      await inspector.collect()
    }

    const { heap, buffers } = await inspector.memory()
    memory = Math.max(memory, heap + buffers)
  }

  const looking = setInterval(() => { look().catch(() => {}) }, collects ? COLLECT_INTERVAL : LOOK_INTERVAL) // it may have ended

  try {
    const figures = await timed(scenario, 'edge', async () => Promise.all(Array.from({ length: connections }, async () => fetchAll(worker.address, cids, open))))
    const metrics = await (await fetch(`${worker.url}/metrics`)).text()
    const [, reads] = /r2Get"\} (\d+)/.exec(metrics) ?? []
    const [, operations] = /dollars_total (\d\S*)/.exec(metrics) ?? []

    return { ...figures, readsPerBlock: Number(reads) / blocks / connections, dollars: Number(operations) * 1e6 / blocks / connections + CPU_PRICE * figures.cpuMsPerBlock, memory }
  } finally {
    clearInterval(looking)
    inspector.close()
    await worker.stop()
    await store.stop()
    removeFolder(folder)
    removeFolder(empty)
  }
}

async function runBare (scenario: EdgeScenario): Promise<EdgeRun> {
  const { blocks, blockSize, open, connections } = scenario
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    name: 'bare',
    modules: true,
    script: BARE_SCRIPT,
    compatibilityDate: '2026-04-01',
    // as the edge server has it
    compatibilityFlags: ['no_web_socket_compression'],
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }]
  })

  try {
    await miniflare.ready
    const { origin } = await miniflare.unsafeGetDirectURL('bare')

    return await timed(scenario, 'bare', async () => Promise.all(Array.from({ length: connections }, async () => fetchBare(origin, blocks, blockSize, open))))
  } finally {
    await miniflare.dispose()
  }
}

async function timed ({ name, blocks, blockSize, connections }: EdgeScenario, through: EdgeRun['through'], run: () => Promise<Seen[]>): Promise<EdgeRun> {
  const [pid] = workerdPids()
  const before = cpuUsage(pid)
  const began = performance.now()
  const seen = await run()
  const seconds = (performance.now() - began) / 1000
  const cpu = since(before, cpuUsage(pid)).total
  const count = blocks * connections
  const latencies = seen.flatMap(({ latencies }) => latencies).sort((a, b) => a - b)

  return {
    scenario: name,
    through,
    megabytesPerSecond: count * blockSize / 1e6 / seconds,
    blocksPerSecond: count / seconds,
    p50: latencies[latencies.length >> 1],
    p99: latencies[Math.floor(latencies.length * 0.99)],
    first: Math.max(...seen.map(({ first }) => first)),
    cpuSecondsPerGiB: cpu / (count * blockSize / 2 ** 30),
    cpuMsPerBlock: cpu * 1000 / count,
    readsPerBlock: 0,
    dollars: 0,
    memory: 0,
    peakRss: peakRss(pid)
  }
}
