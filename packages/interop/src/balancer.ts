import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { removeFolder, startProcess, temporaryFolder } from './processes.ts'
import type { Exit } from './processes.ts'

/** The flags, the environment and the key of a balancer that a test starts. */
export interface BalancerInit {
  /** The values of `-d`: multiaddrs or RPC URLs. */
  downstreams: readonly string[]
  /** The key file; default: a new one in a temporary folder. */
  keyFile?: string
  /** Upstream tcp and WebSocket listeners; default: loopback and a free port each. */
  listen?: { tcp?: string, ws?: string }
  /** Further flags. */
  args?: readonly string[]
  /** Flags of node itself. */
  nodeArgs?: readonly string[]
  env?: Record<string, string>
}

/** A `kitsune-balancer` in its own process. */
export interface Balancer {
  readonly peerId: string
  readonly addresses: readonly string[]
  /** Where clients dial over tcp, with /p2p/. */
  readonly tcp: string
  /** Where clients dial over WebSockets, with /p2p/. */
  readonly ws: string
  /** Origins of its HTTP servers, in the order of their flags. */
  readonly http: readonly string[]
  /** Origin of its admin endpoints. */
  readonly admin: string
  /** Origin of /api/v0/refs; empty without `-p`. */
  readonly preload: string
  readonly pid: number
  readonly output: readonly string[]
  readonly exited: Promise<Exit>
  /** Whether /readyz answers 200. */
  ready (): Promise<boolean>
  /** The samples of /metrics, by name with labels as printed. */
  metrics (): Promise<Map<string, number>>
  /** The sum of a metric's samples whose labels contain `labels`; 0 if there are none. Throws if there is no such metric. */
  metric (name: string, labels?: string): Promise<number>
  signal (signal: NodeJS.Signals): void
  /** Sends SIGTERM, then SIGKILL after `grace` ms, and removes its files. */
  stop (grace?: number): Promise<Exit>
}

/** What the balancer prints, on its own line, when started with --json. */
interface Announcement {
  peerId: string
  addresses: string[]
  http?: string[]
  admin: string
  preload?: string
}

/** The script of the installed command, which runs without a shell or npm in between. */
export function balancerScript (): string {
  return fileURLToPath(new URL('./bin.js', import.meta.resolve('kitsune-balancer')))
}

/** Starts a balancer and resolves when it has printed where it listens; use ready() to learn whether its downstreams are connected. Throws StartError with its output. */
export async function startBalancer (init: BalancerInit): Promise<Balancer> {
  const folder = temporaryFolder('balancer')
  const running = startProcess(process.execPath, [
    ...init.nodeArgs ?? [],
    balancerScript(),
    ...init.downstreams.flatMap(downstream => ['-d', downstream]),
    '-l', init.listen?.tcp ?? '/ip4/127.0.0.1/tcp/0',
    '-w', init.listen?.ws ?? '/ip4/127.0.0.1/tcp/0/ws',
    '-k', init.keyFile ?? join(folder, 'key'),
    '--admin', '127.0.0.1:0',
    '--json',
    ...init.args ?? []
  ], { env: init.env ?? {} })

  const line = await running.line(line => line.startsWith('{') && line.includes('"peerId"'))
  const { peerId, addresses, http = [], admin, preload = '' } = JSON.parse(line) as Announcement

  const scrape = async (): Promise<string> => {
    const response = await fetch(`${admin}/metrics`)

    return response.text()
  }

  return {
    peerId,
    addresses,
    tcp: addresses.find(address => !address.includes('/ws')) ?? '',
    ws: addresses.find(address => address.includes('/ws')) ?? '',
    http,
    admin,
    preload,
    pid: running.pid,
    output: running.output,
    exited: running.exited,
    async ready () {
      const response = await fetch(`${admin}/readyz`)
      await response.arrayBuffer()

      return response.status === 200
    },
    metrics: async () => parseMetrics(await scrape()),
    async metric (name, labels = '') {
      const text = await scrape()
      let sum = 0

      if (!text.includes(`# TYPE ${name} `)) {
        throw new Error(`the balancer has no metric ${name}`)
      }

      for (const [sample, value] of parseMetrics(text)) {
        const [sampleName, sampleLabels] = sample.split('{')

        if (sampleName === name && (sampleLabels ?? '').includes(labels)) {
          sum += value
        }
      }

      return sum
    },
    signal (signal) {
      running.signal(signal)
    },
    async stop (grace) {
      const exit = await running.stop(grace)
      removeFolder(folder)

      return exit
    }
  }
}

/** Reads Prometheus' text format: a line `name{labels} value` for each sample. */
export function parseMetrics (text: string): Map<string, number> {
  return new Map(text.split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const at = line.lastIndexOf(' ')

      return [line.slice(0, at), Number(line.slice(at + 1))]
    }))
}
