import { identify } from '@libp2p/identify'
import { mplex } from '@libp2p/mplex'
import { ping } from '@libp2p/ping'
import { yamux } from '@libp2p/yamux'
import { aroundUpgrades } from './upgrade-hook.ts'
import { capacity } from './capacity.ts'
import { corkedTcp } from './corked-tcp.ts'
import { leanNoise } from './lean-noise.ts'
import { HOST_LIMITS } from './limits.ts'
import { liveness } from './liveness.ts'
import { quietLogger } from './quiet-logger.ts'
import { trackTraffic } from './traffic.ts'
import { hardenedWebSockets } from './websockets.ts'
import type { CapacityService } from './capacity.ts'
import type { Identify } from '@libp2p/identify'
import type { ComponentLogger, PeerId, Startable, Transport } from '@libp2p/interface'
import type { Ping } from '@libp2p/ping'
import type { Libp2pOptions, ServiceFactoryMap } from 'libp2p'

/** What every host runs beside its own services. */
export interface HostServices extends Record<string, unknown> {
  identify: Identify
  ping: Ping
  /** Ends connections whose other end is gone. */
  liveness: Startable
  /** Bounds the connections. */
  capacity: CapacityService
}

/** What hosts have in common. */
export interface HostInit {
  /** Connections that others may have opened, at the same time. */
  maxConnections: number
  /** New connections a second from one address. Default {@link HOST_LIMITS}`.newPerSecond`. */
  newPerSecond?: number
  /** For how long a peer has been idle, ms; undefined while it is not. Then it may give way to a newcomer. Default: no peer ever is. */
  idleFor? (peer: PeerId): number | undefined
  /** Name and version told to peers. */
  agent: { name: string, version: string }
  /** Default: none, see {@link quietLogger}. */
  logger?: ComponentLogger
}

/**
 * Options for `createLibp2p` that both hosts share. Metrics are left out on
 * purpose: libp2p would wrap each stream and connection to count its bytes.
 */
export function hostOptions ({ maxConnections, newPerSecond = HOST_LIMITS.newPerSecond, agent, logger, idleFor }: HostInit): Libp2pOptions<HostServices> & { services: ServiceFactoryMap<HostServices> } {
  const { pending, upgradeTimeout, unfinishedTimeout, streamWindow, mplexStreamsPerSecond } = HOST_LIMITS
  const maxSockets = maxConnections + pending
  const traffic = trackTraffic()
  const room = capacity({ max: maxConnections, traffic, idleFor })
  const followed = <C, T extends Transport>(create: (components: C) => T) => (components: C): T =>
    aroundUpgrades(create(components), async (connection, upgrade) => {
      traffic.follow(connection)

      return upgrade()
    })

  return {
    start: false,
    logger: logger ?? quietLogger(),
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
    connectionGater: room.gater,
    connectionManager: {
      // room is made by those that are idle; this is for what comes at once
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
      capacity: components => room.service(components)
    }
  }
}
