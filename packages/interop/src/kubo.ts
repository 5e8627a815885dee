import { missingBlocks } from './dag.ts'
import { KUBO_ENV, copyRepo, initRepo, readConfig, removeBlocks, renewIdentity, writeConfig } from './kubo-repo.ts'
import { kuboRpc } from './kubo-rpc.ts'
import { removeFolder, startProcess, temporaryFolder } from './processes.ts'
import type { Dag, Share } from './dag.ts'
import type { KuboConfig, KuboKey } from './kubo-repo.ts'
import type { KuboRpc } from './kubo-rpc.ts'
import type { RunningProcess } from './processes.ts'

export interface KuboInit {
  /** What it holds when it starts; default: nothing. */
  dag?: Dag
  /** Which of the DAG's blocks; default: all. */
  share?: Share
  /** The kind of its identity; default: ed25519. */
  key?: KuboKey
  /** The one muxer that it shall speak; default: those that its version comes with, to which mplex belongs only in old ones. */
  muxer?: 'mplex'
  /**
   * True: asks a peer only once that has served it, which is how kubo >= 0.36
   * treats peers on the internet without peering. Default: kubo's own rule, by
   * which it asks whoever is on loopback.
   *
   * Peering does not help such a kubo, though it would help one on the internet:
   * with LocalPeers alone, without PeeredPeers, kubo 0.36 to 0.43 panics at the
   * first want.
   */
  asksProvenPeersOnly?: boolean
  /** Sections of its configuration to replace. */
  config?: Record<string, unknown>
}

/** A kubo daemon of its own: a fresh key and repository, on loopback only. */
export interface Kubo extends KuboRpc {
  /** Changes by restart({ newIdentity: true }). */
  readonly peerId: string
  /** Where it listens on tcp, with /p2p/. Its ports outlive a restart. */
  readonly tcp: string
  /** Where it listens on WebSockets, with /p2p/. */
  readonly ws: string
  readonly pid: number
  /** SIGKILL: connections end as the kernel ends them. */
  kill (): Promise<void>
  /** SIGSTOP: connections stay open and nothing answers, not even the RPC. */
  suspend (): void
  /** SIGCONT. */
  resume (): void
  /** Starts it again after kill(), or ends and starts it, with the same repository and the same ports. */
  restart (options?: { newIdentity?: boolean }): Promise<void>
  /** Ends it and removes its repository. */
  stop (): Promise<void>
}

function configured (config: KuboConfig, { muxer, asksProvenPeersOnly, config: sections }: KuboInit): KuboConfig {
  if (muxer === 'mplex') {
    config.Swarm.Transports = { ...config.Swarm.Transports, Multiplexers: { Yamux: false, Mplex: 200 } }
  }

  if (asksProvenPeersOnly === true) {
    const BroadcastControl = { Enable: true, LocalPeers: true, PeeredPeers: true, MaxRandomPeers: 0, SendToPendingPeers: false }
    config.Internal = { ...config.Internal, Bitswap: { ...config.Internal?.Bitswap, BroadcastControl } }
  }

  return { ...config, ...sections }
}

/** Starts `ipfs daemon` and resolves when it listens and its RPC answers; throws StartError with its output otherwise. */
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

  let running: RunningProcess
  let rpc: KuboRpc
  let peerId = ''
  let tcp = ''
  let ws = ''

  const run = async (): Promise<void> => {
    running = startProcess(binary, ['daemon', '--migrate=false'], { env: { ...KUBO_ENV, IPFS_PATH: folder } })
    // 'RPC API server listening on /ip4/127.0.0.1/tcp/4567', before 0.19 without 'RPC'
    const line = running.line(line => line.includes('API server listening on '))
    await running.line(line => line === 'Daemon is ready')
    const [, port] = /\/tcp\/(\d+)/.exec(await line) ?? []
    rpc = kuboRpc(`http://127.0.0.1:${port}`)

    const id = await rpc.id()
    const addresses = id.Addresses ?? []
    peerId = id.ID
    ws = addresses.find(address => address.includes('/ws/')) ?? ''
    tcp = addresses.find(address => /^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\//.test(address)) ?? ''

    // from now on its ports are its own, as those of a configured node are
    const config = readConfig(folder)
    config.Addresses.API = `/ip4/127.0.0.1/tcp/${port}`
    config.Addresses.Swarm = [tcp, ws].map(address => address.replace(/\/p2p\/.*/, ''))
    writeConfig(folder, config)
  }

  await run()

  const kill = async (): Promise<void> => {
    running.signal('SIGKILL')
    await running.exited
  }

  return {
    get url () { return rpc.url },
    get peerId () { return peerId },
    get tcp () { return tcp },
    get ws () { return ws },
    get pid () { return running.pid },
    kill,
    suspend () { running.signal('SIGSTOP') },
    resume () { running.signal('SIGCONT') },
    async restart (options = {}) {
      running.signal('SIGCONT')
      await running.stop()

      if (options.newIdentity === true) {
        await renewIdentity(folder)
      }

      await run()
    },
    async stop () {
      // what it would do in a graceful end is of no use: its repository goes
      await kill()
      removeFolder(folder)
    },
    call: async (...args) => rpc.call(...args),
    id: async (...args) => rpc.id(...args),
    connect: async (...args) => rpc.connect(...args),
    disconnect: async (...args) => rpc.disconnect(...args),
    peers: async (...args) => rpc.peers(...args),
    pin: async (...args) => rpc.pin(...args),
    cat: async (...args) => rpc.cat(...args),
    putBlock: async (...args) => rpc.putBlock(...args),
    getBlock: async (...args) => rpc.getBlock(...args),
    removeBlock: async (...args) => rpc.removeBlock(...args),
    has: async (...args) => rpc.has(...args),
    blocksReceived: async (...args) => rpc.blocksReceived(...args),
    wantsOf: async (...args) => rpc.wantsOf(...args)
  }
}
