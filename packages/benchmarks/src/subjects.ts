import { existsSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { balancerScript, poll, removeFolder, startProcess, temporaryFolder } from '@kitsune/interop'
import { MissingToolError } from './errors.ts'
import type { SubjectName } from './args.ts'
import type { Kubo, RunningProcess } from '@kitsune/interop'

/** The server of a client: a proxy in front of the node, the node itself, or an edge server. */
export interface Subject {
  /** Multiaddr with `/p2p/`. */
  address: string
  /** The process whose CPU and memory are counted. */
  pid: number
  /** Starts the CPU profile of a proxy that was started with one. */
  startProfile (): Promise<void>
  /** Ends it; resolves when the file is written. */
  stopProfile (): Promise<void>
  stop (): Promise<void>
}

/** Where the blocks are. */
export interface SubjectInit {
  readonly node: Kubo
  /** A folder with a CAR of them, and its map. */
  readonly cars: string
  readonly profile?: string
}

/** Starts a new process (except for `direct`), which listens on loopback and has reached the node when this resolves. */
export async function startSubject (name: SubjectName, { node, cars, profile }: SubjectInit): Promise<Subject> {
  switch (name) {
    case 'direct': return { address: node.tcp, pid: node.pid, async startProfile () {}, async stopProfile () {}, async stop () {} }
    case 'naive': return proxy([built('naive-copy-process'), node.tcp], profile)
    case 'edge': return startEdge(cars, profile)
    default: return startBalancer(node.url, profile)
  }
}

/** A balancer that serves HTTP, too. */
export interface HttpSubject extends Subject {
  /** The URL without TLS. */
  http: string
  /** The URL with TLS, by a certificate that no client trusts. */
  https: string
}

/** A balancer that serves HTTP, too, with one downstream that it has reached when this resolves. */
export async function startHttpBalancer (downstream: string): Promise<HttpSubject> {
  const { cert, key } = testCertificate()
  const { urls: [http, https], ...subject } = await balancer(downstream, ['--http', 'http://127.0.0.1:0', '--http', 'https://127.0.0.1:0', '--tls-cert', cert, '--tls-key', key])

  return { ...subject, http, https }
}

/** A balancer with one downstream, by its RPC or its multiaddr, that has reached it when this resolves. */
export async function startBalancer (downstream: string, profile?: string): Promise<Subject> {
  return balancer(downstream, [], profile)
}

async function balancer (downstream: string, args: readonly string[], profile?: string): Promise<Subject & { urls: readonly string[] }> {
  const script = balancerScript()

  if (!existsSync(script)) {
    throw new MissingToolError(`${script} does not exist: run "npm run build" at the root of the repository`)
  }

  const folder = temporaryFolder('benchmark')
  const { admin, ...subject } = await proxy([
    script,
    '-d', downstream,
    '-l', '/ip4/127.0.0.1/tcp/0',
    '-k', join(folder, 'key'),
    '--admin', '127.0.0.1:0',
    '--json',
    ...args
  ], profile)

  const stop = async (): Promise<void> => {
    await subject.stop()
    removeFolder(folder)
  }

  try {
    await poll(async () => (await fetch(`${admin}/readyz`)).ok, 'the balancer to reach kubo', { timeout: 20_000 })
  } catch (err) {
    await stop()
    throw err
  }

  return { ...subject, stop }
}

async function startEdge (cars: string, profile?: string): Promise<Subject> {
  const folder = temporaryFolder('benchmark')
  const subject = await proxy([
    fileURLToPath(new URL('./node/bin.js', import.meta.resolve('kitsune-edge'))),
    cars,
    '--listen', '/ip4/127.0.0.1/tcp/0',
    '--key', join(folder, 'key'),
    '--json'
  ], profile)

  return {
    ...subject,
    async stop () {
      await subject.stop()
      removeFolder(folder)
    }
  }
}

/** What a process prints once it listens. */
interface Announcement {
  peerId: string
  addresses: string[]
  http?: string[]
  admin?: string
}

async function proxy (args: string[], profile?: string): Promise<Subject & { urls: readonly string[], admin?: string }> {
  const profiler = profile == null ? [] : ['--import', built('profiler')]
  const running = startProcess(process.execPath, [...profiler, ...args], {
    env: profile == null ? {} : { KITSUNE_BENCH_PROFILE: profile }
  })

  try {
    const line = await running.line(line => line.startsWith('{') && line.includes('"addresses"'))
    const { peerId, addresses, http = [], admin }: Announcement = JSON.parse(line)
    const address = addresses.find(address => address.startsWith('/ip4/127.0.0.1/tcp/')) ?? ''

    return {
      address: address.includes('/p2p/') ? address : `${address}/p2p/${peerId}`,
      urls: http,
      admin,
      pid: running.pid,
      startProfile: async () => toggleProfile(running, 'started'),
      stopProfile: async () => toggleProfile(running, 'stopped'),
      async stop () {
        await running.stop()
      }
    }
  } catch (err) {
    await running.stop()
    throw err
  }
}

async function toggleProfile (running: RunningProcess, until: 'started' | 'stopped'): Promise<void> {
  running.signal('SIGUSR2')
  await running.line(line => line === `profile ${until}`)
}

/** The certificate for localhost with which the HTTP server is tested. */
function testCertificate (): { cert: string, key: string } {
  // this file runs from src/ and, built, from dist/src/
  let folder = dirname(fileURLToPath(import.meta.url))

  while (!existsSync(join(folder, 'host', 'test', 'fixtures'))) {
    folder = dirname(folder)
  }

  const path = (name: string): string => join(folder, 'host', 'test', 'fixtures', name)

  return { cert: path('localhost.crt'), key: path('localhost.key') }
}

/** The path of a script beside this one, as TypeScript or built. */
function built (name: string): string {
  return fileURLToPath(new URL(`${name}${extname(import.meta.url)}`, import.meta.url))
}
