import { identify } from '@libp2p/identify'
import { boundedPing } from './bounded-ping.ts'
import { createCapacity } from './capacity.ts'
import { FloodError } from './errors.ts'
import { leanYamux } from './lean-yamux.ts'
import { resolveLimits } from './limits.ts'
import { liveness } from './liveness.ts'
import { boundUpgrade } from './negotiation.ts'
import { pacedMplex } from './paced-mplex.ts'
import { pacedYamux } from './paced-yamux.ts'
import { createPendingPlaces } from './pending-places.ts'
import { createQuietLogger } from './quiet-logger.ts'
import { remoteHost } from './remote-host.ts'
import { trackTraffic } from './traffic.ts'
import { hookUpgrades } from './upgrade-hook.ts'
import { createWarnMissing } from './warn.ts'
import { createWorkShares } from './work-shares.ts'
import type { CapacityService } from './capacity.ts'
import type { HostLimits } from './limits.ts'
import type { TrustedProxies } from './trusted-proxies.ts'
import type { Warn, WarnMissing } from './warn.ts'
import type { WorkShares } from './work-shares.ts'
import type { Identify } from '@libp2p/identify'
import type { ComponentLogger, MultiaddrConnection, PeerId, PrivateKey, Startable } from '@libp2p/interface'
import type { Ping } from '@libp2p/ping'
import type { Libp2pOptions, ServiceFactoryMap } from 'libp2p'

/**
 * Streams that a peer may open before libp2p listens for them, which it does some microtasks
 * after the handshake. Over a long line, the streams that a peer opens right after its last
 * handshake message arrive together with that message. libp2p allows 10, and resets all of them
 * at the next one. The muxers' own limits of inbound streams apply from the beginning.
 */
const MAX_EARLY_STREAMS = Infinity

/** The services of every host. */
export interface HostServices extends Record<string, unknown> {
  identify: Identify
  ping: Ping
  /** Ends connections whose other end has disappeared. */
  liveness: Startable
  /** Bounds the connections. */
  capacity: CapacityService
}

/** Options of a host. */
export interface HostInit<S extends Record<string, unknown> = Record<never, unknown>> {
  /** Name and version for other peers. */
  readonly agent: { readonly name: string, readonly version: string }
  /** The identity. Default: a new one. */
  readonly privateKey?: PrivateKey
  /** Multiaddrs to listen on. Default: none, the host only dials. */
  readonly listen?: readonly string[]
  /** Multiaddrs to announce to peers instead of the listening addresses. Default: the listening addresses. */
  readonly announce?: readonly string[]
  /**
   * Proxies whose `X-Forwarded-For` is believed when a WebSocket is opened: its connection then has the address of the
   * client. Create it with `createTrustedProxies` of `@kitsune/want-router/http`. Default: none.
   */
  readonly trustedProxies?: TrustedProxies
  /** Default {@link DEFAULT_HOST_LIMITS}. */
  readonly limits?: Partial<HostLimits>
  /**
   * How long a peer has been idle, ms; undefined while it is not. It receives the
   * host's services. An idle peer may be disconnected in favour of a new one.
   * Default: no peer is ever idle.
   */
  idleFor? (peer: PeerId, services: HostServices & S): number | undefined
  /** Services in addition to {@link HostServices}. Default: none. */
  readonly services?: ServiceFactoryMap<S>
  /** Admits only members of a private network, as libp2p's `preSharedKey` does. Default: none. */
  readonly connectionProtector?: Libp2pOptions['connectionProtector']
  /** Default: libp2p logs nothing, see {@link createQuietLogger}. */
  readonly logger?: ComponentLogger
  /** Called once for each internal field of libp2p that this package does not find, with the feature that the host loses. Default: `console.warn`. */
  readonly warn?: Warn
}

/** Both hosts of a process share its event loop. */
const processShares = createWorkShares()

type TransportFactory = NonNullable<Libp2pOptions['transports']>[number]
type EncrypterFactory = NonNullable<Libp2pOptions['connectionEncrypters']>[number]

/** Creates yamux for a host. */
export type YamuxFactory = ReturnType<typeof leanYamux>

/** Creates the parts of a host that depend on its platform. */
export type Platform = (limits: HostLimits, warnMissing: WarnMissing, trustedProxies?: TrustedProxies) => PlatformParts

/** The parts of a host that depend on its platform. */
export interface PlatformParts {
  readonly transports: readonly TransportFactory[]
  readonly connectionEncrypters: readonly EncrypterFactory[]
  /** False: peers that speak only mplex are refused. Default true. */
  readonly mplex?: boolean
  /** Shares the event loop between connections. Default: one for all hosts of the process. */
  readonly shares?: WorkShares
  /** Wraps the factory of yamux. Default: unchanged. */
  changeYamux? (create: YamuxFactory): YamuxFactory
}

/**
 * Creates a host's options for `createLibp2p`. They leave out metrics on purpose:
 * libp2p would wrap each stream and connection to count its bytes. `running` returns
 * the services of the host that is created with them.
 *
 * @throws {InvalidOptionError} a limit does not exist or is out of range
 */
export function createHostOptions <S extends Record<string, unknown>> (platform: Platform, init: HostInit<S>, running: () => HostServices & S): Libp2pOptions<HostServices & S> {
  const { agent, privateKey, listen = [], announce = [], services, connectionProtector, logger } = init
  const limits = resolveLimits(init.limits)
  const { maxConnections, newPerSecond, pending, upgradeTimeout, streamWindow, mplexStreamsPerSecond, pingsPerSecond } = limits
  const warnMissing = createWarnMissing(init.warn)
  const traffic = trackTraffic(warnMissing)
  const capacity = createCapacity({ max: maxConnections, traffic, idleFor: peer => init.idleFor?.(peer, running()) })
  const { transports, connectionEncrypters, mplex: withMplex = true, shares = processShares, changeYamux = create => create } = platform(limits, warnMissing, init.trustedProxies)
  const places = createPendingPlaces<MultiaddrConnection>(pending, connection => {
    connection.abort(new FloodError('Too many connections wait for their handshake, and most of them come from this address'))
  })
  const followed = (create: TransportFactory): TransportFactory => components =>
    hookUpgrades(create(components), async (connection, upgrade) => {
      traffic.follow(connection)

      return connection.direction === 'inbound' ? admit(connection, upgrade) : upgrade()
    })

  async function admit <T> (connection: MultiaddrConnection, upgrade: () => Promise<T>): Promise<T> {
    places.add(connection, remoteHost(connection.remoteAddr))

    try {
      return await boundUpgrade(connection, () => { warnMissing('libp2p', 'onData of a connection', 'a peer may send any amount before its connection is encrypted') }, upgrade)
    } finally {
      places.delete(connection)
    }
  }

  return {
    start: false,
    ...(privateKey == null ? {} : { privateKey }),
    addresses: { listen: [...listen], announce: [...announce] },
    logger: logger ?? createQuietLogger(),
    nodeInfo: { ...agent, userAgent: `${agent.name}/${agent.version}` },
    transports: transports.map(followed),
    connectionEncrypters: [...connectionEncrypters],
    streamMuxers: [
      changeYamux(leanYamux(pacedYamux({ maxEarlyStreams: MAX_EARLY_STREAMS, streamOptions: { maxStreamWindowSize: streamWindow } }, limits, shares, warnMissing), warnMissing)),
      ...(withMplex ? [pacedMplex({ maxEarlyStreams: MAX_EARLY_STREAMS, disconnectThreshold: mplexStreamsPerSecond }, shares, warnMissing)] : [])
    ],
    ...(connectionProtector == null ? {} : { connectionProtector }),
    connectionGater: capacity.gater,
    connectionManager: {
      // capacity bounds the connections; this limit only allows for bursts
      maxConnections: maxConnections + pending,
      // twice as many, since libp2p still counts a connection that has lost its place until it is closed
      maxIncomingPendingConnections: 2 * pending,
      inboundConnectionThreshold: newPerSecond,
      inboundUpgradeTimeout: upgradeTimeout,
      // the dialler knows which address is best; libp2p would put private and loopback addresses last
      addressSorter: () => 0
    },
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      ping: boundedPing(pingsPerSecond),
      liveness: liveness({ ...limits, traffic }),
      capacity: components => capacity.service(components),
      ...services
    } as ServiceFactoryMap<HostServices & S>
  }
}
