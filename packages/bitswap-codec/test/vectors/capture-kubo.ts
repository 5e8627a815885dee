/**
 * Records the messages of a kubo node, for src/vectors/kubo.json. This is not a test: run it by hand
 * for a new version of kubo, with `KUBO_BINARY=… node test/vectors/capture-kubo.ts`.
 *
 * A libp2p host that speaks one version of bitswap connects to a kubo daemon. The daemon
 * asks the host, and the host asks the daemon, by a script. The code that protons generates reads the
 * frames' meaning, so that the vectors are independent of this package's decoder.
 */
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { BITSWAP_PROTOCOLS, frameDecoder } from '../../src/index.ts'
import { BitswapMessage } from '../protons/message.ts'
import { describeMessage } from './describe.ts'
import type { Vector } from './describe.ts'
import type { BitswapProtocol } from '../../src/index.ts'
import type { Stream } from '@libp2p/interface'

const binary = process.env.KUBO_BINARY ?? 'ipfs'
const repo = await mkdtemp(join(tmpdir(), 'capture-'))
const env = { ...process.env, IPFS_PATH: repo, IPFS_TELEMETRY: 'off', LIBP2P_TCP_MUX: 'false' }

async function ipfs (...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(binary, args, { env })

  return stdout.trim()
}

async function put (name: string, bytes: Uint8Array, ...options: string[]): Promise<Uint8Array> {
  const file = join(repo, name)
  await writeFile(file, bytes)

  return CID.parse(await ipfs('block', 'put', ...options, file)).bytes
}

/**
 * A CIDv1 of the raw codec for a block that does not exist
 */
function missing (name: string): Uint8Array {
  return Uint8Array.of(0x01, 0x55, 0x12, 0x20, ...createHash('sha256').update(name).digest())
}

function nameWants ({ wantlist }: BitswapMessage): string | undefined {
  if (wantlist == null || wantlist.entries.length === 0) {
    return
  }

  const [{ cancel, wantType }] = wantlist.entries
  const kind = wantType === 'Have' ? 'want-have' : 'want-block'

  return `${wantlist.entries.length} × ${cancel ? 'cancel' : kind}`
}

const vectors: Vector[] = []
const version = await ipfs('version', '--number')

await ipfs('init', '--profile=test')
const config = JSON.parse(await readFile(join(repo, 'config'), 'utf8'))
config.Addresses = { ...config.Addresses, Swarm: ['/ip4/127.0.0.1/tcp/0'], API: '/ip4/127.0.0.1/tcp/0', Gateway: '' }
config.Routing = { Type: 'none' }
config.AutoConf = { Enabled: false }
config.AutoTLS = { Enabled: false }
await writeFile(join(repo, 'config'), JSON.stringify(config))

const daemon = spawn(binary, ['daemon'], { env, stdio: ['ignore', 'pipe', 'inherit'] })

try {
  for await (const output of daemon.stdout) {
    if (`${output}`.includes('Daemon is ready')) {
      break
    }
  }

  const text = new TextEncoder()
  const held = {
    'a raw block': await put('raw', text.encode('kitsune'), '--cid-codec=raw'),
    'a dag-pb block as CIDv0': await put('v0', Uint8Array.of(0x0a, 0x06, 0x08, 0x02, 0x12, 0x00, 0x18, 0x00), '--format=v0'),
    'a blake2b-256 block': await put('blake2b', text.encode('blake2b'), '--cid-codec=raw', '--mhtype=blake2b-256'),
    'a sha2-512 block': await put('sha2-512', text.encode('sha2-512'), '--cid-codec=raw', '--mhtype=sha2-512'),
    'a block of no bytes, for which it sends DONT_HAVE': await put('empty', new Uint8Array(0), '--cid-codec=raw')
  }
  const links = [1, 2, 3].map(i => ({ '/': CID.decode(missing(`link ${i}`)).toString() }))
  const rootFile = join(repo, 'root')
  await writeFile(rootFile, JSON.stringify(links))
  const root = CID.parse(await ipfs('dag', 'put', rootFile)).bytes
  const queue: Uint8Array[] = []

  for (let i = 0; i < 40; i++) {
    queue.push(await put(`queued-${i}`, new Uint8Array(2_048).fill(i), '--cid-codec=raw'))
  }

  const address = (await ipfs('swarm', 'addrs', 'local')).split('\n')[0]
  const peer = multiaddr(`${address}/p2p/${await ipfs('id', '-f', '<id>')}`)

  for (const protocol of BITSWAP_PROTOCOLS) {
    await capture(protocol)
  }

  async function capture (protocol: BitswapProtocol): Promise<void> {
    const modern = protocol === '/ipfs/bitswap/1.2.0'
    const host = await createLibp2p({
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify() }
    })

    // the name of the vector that is being recorded; undefined while nothing is recorded
    let recording: string | undefined
    let most = 0
    let onMessage = (message: BitswapMessage): void => {}

    await host.handle(protocol, (stream) => {
      const frames = frameDecoder()

      stream.addEventListener('message', event => {
        for (const frame of frames.push(event.data)) {
          const message = BitswapMessage.decode(frame)

          if (recording != null && most-- > 0) {
            vectors.push({
              name: `${protocol}: ${nameWants(message) ?? recording}`,
              origin: `kubo ${version}`,
              protocol,
              hex: Buffer.from(frame).toString('hex'),
              message: describeMessage(message)
            })
          }

          onMessage(message)
        }
      })
    }, { maxInboundStreams: 100 })

    const connection = await host.dial(peer)
    await delay(500)
    const out: Stream = await connection.newStream(protocol)

    function send (message: Partial<BitswapMessage>): void {
      const body = BitswapMessage.encode({ wantlist: { entries: [], full: false }, ...message })
      const header: number[] = []

      for (let length = body.length; ; length >>>= 7) {
        header.push(length > 0x7f ? (length & 0x7f) | 0x80 : length)

        if (length <= 0x7f) {
          break
        }
      }

      out.send(Uint8Array.of(...header, ...body))
    }

    function want (cids: Uint8Array[], wantType: 'Block' | 'Have' = 'Block'): void {
      send({ wantlist: { full: false, entries: cids.map(cid => ({ cid: cid as Uint8Array<ArrayBuffer>, priority: 1, cancel: false, wantType, sendDontHave: modern })) } })
    }

    async function record (name: string, frames: number, act: () => void | Promise<void>): Promise<void> {
      recording = name
      most = frames
      const before = vectors.length
      await act()
      await delay(700)
      recording = undefined

      if (vectors.length === before) {
        process.stderr.write(`${protocol}: nothing came for "${name}"\n`)
      }
    }

    // kubo first asks all its peers, then, after a HAVE, the host; then it gives up and cancels
    const cid = missing(`${protocol} wanted`)

    onMessage = message => {
      if (modern && message.wantlist?.entries.some(entry => entry.wantType === 'Have' && !entry.cancel) === true) {
        send({ blockPresences: [{ cid: cid as Uint8Array<ArrayBuffer>, type: 'HaveBlock' }] })
      }
    }

    await record('wants', 4, async () => {
      await ipfs('block', 'get', '--timeout=3s', CID.decode(cid).toString()).catch(() => {})
    })
    onMessage = () => {}

    // the host asks
    for (const [name, cid] of Object.entries(held)) {
      await record(name, 1, () => { want([cid]) })
    }

    if (modern) {
      await record('the HAVE of a block too large to be sent instead', 1, () => { want([queue[0]], 'Have') })
      await record('a DONT_HAVE', 1, () => { want([missing(`${protocol} not held`)]) })
      await record('two DONT_HAVEs', 1, () => { want([missing(`${protocol} not held 1`), missing(`${protocol} not held 2`)]) })
      await record('blocks with more pending', 1, () => { want(queue) })
      await record('wants of a session', 2, async () => {
        await ipfs('pin', 'add', '--timeout=3s', CID.decode(root).toString()).catch(() => {})
      })
    }

    await host.stop()
    await delay(500)
  }
} finally {
  daemon.kill()
  await new Promise(resolve => daemon.once('exit', resolve))
  await rm(repo, { recursive: true })
}

const file = new URL('../../src/vectors/kubo.json', import.meta.url)
await writeFile(file, `${JSON.stringify(vectors, null, 2)}\n`)
process.stdout.write(`${vectors.length} vectors\n`)
