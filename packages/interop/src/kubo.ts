import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { missingBlocks } from './dag.ts'
import { KUBO_ENV, copyRepo, initRepo, readConfig, removeBlocks, renewIdentity, writeConfig } from './kubo-repo.ts'
import { KuboRpcClient } from './kubo-rpc.ts'
import { removeFolder, startProcess, temporaryFolder } from './processes.ts'
import type { Dag, Share } from './dag.ts'
import type { KuboConfig, KuboKey } from './kubo-repo.ts'
import type { KuboRpc } from './kubo-rpc.ts'
import type { RunningProcess } from './processes.ts'

/** The data, the identity and the settings of a kubo. */
export interface KuboInit {
  /** The DAG that it holds when it starts. Default: none. */
  dag?: Dag
  /** Which of the DAG's blocks it holds. Default: all. */
  share?: Share
  /** The kind of its identity. Default: ed25519. */
  key?: KuboKey
  /** The only muxer that it speaks. Default: those of its version; only old ones have mplex. */
  muxer?: 'mplex'
  /**
   * True: it asks only peers that have served it before, as kubo >= 0.36 treats
   * internet peers that it is not peered with. Default: kubo's own rule, by which it
   * asks all peers on loopback.
   *
   * Peering does not help such a kubo, though it would help one on the internet:
   * with LocalPeers alone, without PeeredPeers, kubo 0.36 to 0.43 panics at the
   * first want.
   */
  asksProvenPeersOnly?: boolean
  /** The contents of the swarm.key of its private swarm. Default: none, it is in the public one. */
  swarmKey?: Uint8Array
  /** Its gateway, with these settings: on loopback, and without fetching blocks that it does not have. Default: no gateway. */
  gateway?: Record<string, unknown>
  /** Sections to replace in its configuration. */
  config?: Record<string, unknown>
  /** What its log shows, as in `GOLOG_LOG_LEVEL`: `error,httpnet=debug`. Default: errors, and no log. */
  log?: string
}

/** A kubo daemon with its own key and repository, on loopback only. */
export interface Kubo extends KuboRpc {
  /** Changes by restart({ newIdentity: true }). */
  readonly peerId: string
  /** Where it listens on tcp, with /p2p/. Its ports outlive a restart. */
  readonly tcp: string
  /** Where it listens on WebSockets, with /p2p/. */
  readonly ws: string
  /** Origin of its gateway; empty if it has none. */
  readonly gateway: string
  readonly pid: number
  /** Its log, if logging is on. */
  logged (): string
  /** Sends SIGKILL: the kernel ends its connections. */
  kill (): Promise<void>
  /** Sends SIGSTOP, in effect on return: connections stay open, and it does not answer, not even by its RPC. */
  suspend (): void
  /** Sends SIGCONT. */
  resume (): void
  /** Starts it again, after ending it if necessary, with the same repository and the same ports. */
  restart (options?: { newIdentity?: boolean }): Promise<void>
  /** Ends it and removes its repository. */
  stop (): Promise<void>
}

/** Makes it an error if a kubo does not find its swarm.key: it would be in the public swarm. */
const PRIVATE_ENV = { ...KUBO_ENV, LIBP2P_FORCE_PNET: '1' }

/** Files in its repository. */
const LOG = 'kubo.log'

function configured (config: KuboConfig, { muxer, asksProvenPeersOnly, gateway, config: sections }: KuboInit): KuboConfig {
  if (gateway != null) {
    config.Addresses.Gateway = '/ip4/127.0.0.1/tcp/0'
    config.Gateway = { ...config.Gateway, NoFetch: true, ...gateway }
  }

  if (muxer === 'mplex') {
    config.Swarm.Transports = { ...config.Swarm.Transports, Multiplexers: { Yamux: false, Mplex: 200 } }
  }

  if (asksProvenPeersOnly === true) {
    const BroadcastControl = { Enable: true, LocalPeers: true, PeeredPeers: true, MaxRandomPeers: 0, SendToPendingPeers: false }
    config.Internal = { ...config.Internal, Bitswap: { ...config.Internal?.Bitswap, BroadcastControl } }
  }

  return { ...config, ...sections }
}

/**
 * Starts `ipfs daemon`, and resolves when it listens and its RPC answers.
 *
 * @throws {StartError} with its output if it does not
 */
export async function startKubo (binary: string, init: KuboInit = {}): Promise<Kubo> {
  const folder = temporaryFolder('kubo')

  if (init.dag == null) {
    await initRepo(binary, folder, init.key)
  } else {
    copyRepo(init.dag.repo, folder)
    removeBlocks(folder, missingBlocks(init.dag, init.share ?? 'all'))
    await renewIdentity(folder, init.key)
  }

  writeConfig(folder, configured(readConfig(folder), init))

  if (init.swarmKey != null) {
    writeFileSync(join(folder, 'swarm.key'), init.swarmKey, { mode: 0o600 })
  }

  const log: Record<string, string> = init.log == null ? {} : { GOLOG_LOG_LEVEL: init.log, GOLOG_OUTPUT: 'file', GOLOG_FILE: join(folder, LOG) }
  const daemon = new KuboDaemon(binary, folder, { ...(init.swarmKey == null ? KUBO_ENV : PRIVATE_ENV), ...log })
  await daemon.start()

  return daemon
}

class KuboDaemon extends KuboRpcClient implements Kubo {
  readonly #binary: string
  readonly #folder: string
  readonly #env: Record<string, string>
  #running: RunningProcess | undefined
  peerId = ''
  tcp = ''
  ws = ''
  gateway = ''

  constructor (binary: string, folder: string, env: Record<string, string>) {
    super('')
    this.#binary = binary
    this.#folder = folder
    this.#env = env
  }

  get pid (): number {
    return this.#running?.pid ?? -1
  }

  async start (): Promise<void> {
    const running = startProcess(this.#binary, ['daemon', '--migrate=false'], { env: { ...this.#env, IPFS_PATH: this.#folder } })
    this.#running = running
    // 'RPC API server listening on /ip4/127.0.0.1/tcp/4567', before 0.19 without 'RPC'
    const [line] = await Promise.all([
      running.line(line => line.includes('API server listening on ')),
      running.line(line => line === 'Daemon is ready')
    ])
    const [, port] = /\/tcp\/(\d+)/.exec(line) ?? []
    this.url = `http://127.0.0.1:${port}`
    const [, gateway] = /Gateway server listening on .*\/tcp\/(\d+)/.exec(running.lines.join('\n')) ?? []
    this.gateway = gateway == null ? '' : `http://127.0.0.1:${gateway}`

    const id = await this.id()
    const addresses = id.Addresses ?? []
    this.peerId = id.ID
    this.ws = addresses.find(address => address.includes('/ws/')) ?? ''
    this.tcp = addresses.find(address => /^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\//.test(address)) ?? ''

    // from now on its ports are fixed, like those of a configured node
    const config = readConfig(this.#folder)
    config.Addresses.API = `/ip4/127.0.0.1/tcp/${port}`
    config.Addresses.Swarm = [this.tcp, this.ws].map(address => address.replace(/\/p2p\/.*/, ''))
    writeConfig(this.#folder, config)
  }

  logged (): string {
    const path = join(this.#folder, LOG)

    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }

  async kill (): Promise<void> {
    this.#running?.signal('SIGKILL')
    await this.#running?.exited
  }

  suspend (): void {
    this.#running?.suspend()
  }

  resume (): void {
    this.#running?.signal('SIGCONT')
  }

  async restart (options: { newIdentity?: boolean } = {}): Promise<void> {
    this.resume()
    await this.#running?.stop()

    if (options.newIdentity === true) {
      await renewIdentity(this.#folder)
    }

    await this.start()
  }

  async stop (): Promise<void> {
    // no graceful end: its repository is removed
    await this.kill()
    removeFolder(this.#folder)
  }
}
