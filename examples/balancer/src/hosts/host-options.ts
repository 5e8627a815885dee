import { identify } from '@libp2p/identify'
import { mplex } from '@libp2p/mplex'
import { ping } from '@libp2p/ping'
import { yamux } from '@libp2p/yamux'
import { corkedTcp } from './corked-tcp.ts'
import { leanNoise } from './lean-noise.ts'
import { HOST_LIMITS } from './limits.ts'
import { quietLogger } from './quiet-logger.ts'
import { hardenedWebSockets } from './websockets.ts'
import type { Identify } from '@libp2p/identify'
import type { ComponentLogger } from '@libp2p/interface'
import type { Ping } from '@libp2p/ping'
import type { Libp2pOptions, ServiceFactoryMap } from 'libp2p'

/** What every host runs beside its own services. */
export interface HostServices extends Record<string, unknown> {
  identify: Identify
  ping: Ping
}

/** What hosts have in common. */
export interface HostInit {
  /** Connections at the same time. */
  maxConnections: number
  /** Name and version told to peers. */
  agent: { name: string, version: string }
  /** Default: none, see {@link quietLogger}. */
  logger?: ComponentLogger
}

/** The services of {@link HostServices}. */
export function hostServices (): ServiceFactoryMap<HostServices> {
  return { identify: identify(), ping: ping() }
}

/**
 * Options for `createLibp2p` that both hosts share. Metrics are left out on
 * purpose: libp2p would wrap each stream and connection to count its bytes.
 */
export function hostOptions ({ maxConnections, agent, logger }: HostInit): Libp2pOptions {
  const { newPerSecond, pending, upgradeTimeout, unfinishedTimeout, pingInterval, pingTimeout, streamWindow, mplexStreamsPerSecond } = HOST_LIMITS
  const maxSockets = maxConnections + pending

  return {
    start: false,
    logger: logger ?? quietLogger(),
    nodeInfo: { ...agent, userAgent: `${agent.name}/${agent.version}` },
    transports: [
      corkedTcp({ maxConnections: maxSockets }),
      hardenedWebSockets({ maxSockets, upgradeTimeout, unfinishedTimeout })
    ],
    connectionEncrypters: [leanNoise()],
    streamMuxers: [
      yamux({ streamOptions: { maxStreamWindowSize: streamWindow } }),
      mplex({ disconnectThreshold: mplexStreamsPerSecond })
    ],
    connectionManager: {
      maxConnections,
      maxIncomingPendingConnections: pending,
      inboundConnectionThreshold: newPerSecond,
      inboundUpgradeTimeout: upgradeTimeout
    },
    connectionMonitor: {
      pingInterval,
      pingTimeout: { minTimeout: pingTimeout, maxTimeout: pingTimeout }
    }
  }
}
