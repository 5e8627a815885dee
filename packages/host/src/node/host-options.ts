import { identify } from '@libp2p/identify'
import { mplex } from '@libp2p/mplex'
import { ping } from '@libp2p/ping'
import { yamux } from '@libp2p/yamux'
import { createCapacity } from '../capacity.ts'
import { leanNoise } from '../lean-noise.ts'
import { HOST_LIMITS } from '../limits.ts'
import { liveness } from '../liveness.ts'
import { createQuietLogger } from '../quiet-logger.ts'
import { trackTraffic } from '../traffic.ts'
import { hookUpgrades } from '../upgrade-hook.ts'
import { corkedTcp } from './corked-tcp.ts'
import { hardenedWebSockets } from './websockets.ts'
import type { CapacityService } from '../capacity.ts'
import type { Identify } from '@libp2p/identify'
import type { ComponentLogger, PeerId, Startable, Transport } from '@libp2p/interface'
import type { Ping } from '@libp2p/ping'
import type { Libp2pOptions, ServiceFactoryMap } from 'libp2p'

/** The services of every host. */
export interface HostServices extends Record<string, unknown> {
  identify: Identify
  ping: Ping
  /** Ends connections whose other end has disappeared. */
  liveness: Startable
  /** Bounds the connections. */
  capacity: CapacityService
}

/** Options of every host. */
export interface HostInit {
  /** How many inbound connections may be open at the same time. */
  maxConnections: number
  /** New connections a second from one address. Default {@link HOST_LIMITS}`.newPerSecond`. */
  newPerSecond?: number
  /** How long a peer has been idle, ms; undefined while it is not. An idle peer may be disconnected in favour of a new one. Default: no peer is ever idle. */
  idleFor? (peer: PeerId): number | undefined
  /** Name and version for other peers. */
  agent: { name: string, version: string }
  /** Default: no messages are logged, see {@link createQuietLogger}. */
  logger?: ComponentLogger
}

/**
 * Creates the options for `createLibp2p` that both hosts share. They leave out
 * metrics on purpose: libp2p would wrap each stream and connection to count its
 * bytes.
 */
export function createHostOptions ({ maxConnections, newPerSecond = HOST_LIMITS.newPerSecond, agent, logger, idleFor }: HostInit): Libp2pOptions<HostServices> & { services: ServiceFactoryMap<HostServices> } {
  const { pending, upgradeTimeout, unfinishedTimeout, streamWindow, mplexStreamsPerSecond } = HOST_LIMITS
  const maxSockets = maxConnections + pending
  const traffic = trackTraffic()
  const capacity = createCapacity({ max: maxConnections, traffic, idleFor })
  const followed = <C, T extends Transport>(create: (components: C) => T) => (components: C): T =>
    hookUpgrades(create(components), async (connection, upgrade) => {
      traffic.follow(connection)

      return upgrade()
    })

  return {
    start: false,
    logger: logger ?? createQuietLogger(),
    nodeInfo: { ...agent, userAgent: `${agent.name}/${agent.version}` },
    transports: [
      followed(corkedTcp({ maxConnections: maxSockets })),
      followed(hardenedWebSockets({ maxSockets, upgradeTimeout, unfinishedTimeout }))
    ],
    connectionEncrypters: [leanNoise()],
    streamMuxers: [
      yamux({ streamOptions: { maxStreamWindowSize: streamWindow } }),
      mplex({ disconnectThreshold: mplexStreamsPerSecond })
    ],
    connectionGater: capacity.gater,
    connectionManager: {
      // capacity bounds the connections; this limit only allows for bursts
      maxConnections: maxSockets,
      maxIncomingPendingConnections: pending,
      inboundConnectionThreshold: newPerSecond,
      inboundUpgradeTimeout: upgradeTimeout
    },
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      ping: ping(),
      liveness: liveness({ ...HOST_LIMITS, traffic }),
      capacity: components => capacity.service(components)
    }
  }
}
