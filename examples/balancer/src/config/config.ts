import { DEFAULT_HAVE_MAP, DEFAULT_STRATEGY } from '@kitsune/want-router'
import { ConfigError } from '../errors.ts'
import { HASHES } from '../hashers.ts'
import { LOG_FORMATS, LOG_LEVELS } from '../log/log.ts'
import { announcedAddress, tcpAddress, webSocketAddress } from './addresses.ts'
import { parseDownstream } from './downstreams.ts'
import { httpSettings } from './http.ts'
import { collectSettings, oneLine } from './layers.ts'
import { DEFAULT_BALANCER_LIMITS, limitSettings } from './limits.ts'
import { redisSettings } from './redis.ts'
import { checkStrategy } from './strategy.ts'
import { choice, hostAndPort, items, list, number, text } from './values.ts'
import type { DownstreamConfig } from './downstream-config.ts'
import type { HttpConfig } from './http.ts'
import type { Setting, Settings, Sources } from './layers.ts'
import type { BalancerLimits } from './limits.ts'
import type { RedisConfig } from './redis.ts'
import type { Hashes } from '../hashers.ts'
import type { LogFormat, LogLevel } from '../log/log.ts'

/** Where clients request that the nodes fetch their data. */
export interface PreloadConfig {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
}

/** Which blocks the nodes list: all, the pinned ones, or none. */
export type HaveMapSource = typeof HAVE_MAPS[number]

const HAVE_MAPS = ['blocks', 'pins', 'off'] as const

/** The effective configuration. Safe to print: secrets mask themselves. */
export interface BalancerConfig extends HttpConfig {
  /** At least one; their ids differ. */
  readonly downstreams: readonly DownstreamConfig[]
  /** TCP multiaddrs. */
  readonly listen: readonly string[]
  /** WebSocket multiaddrs, each ending in /ws. */
  readonly websocket: readonly string[]
  /** Addresses to announce to clients instead of the listening addresses; empty: the listening addresses. */
  readonly announce: readonly string[]
  /** Path of the private key file. */
  readonly key: string
  /** Strategy expression; modules in it have not been loaded yet. */
  readonly strategy: string
  /** Which blocks the nodes list by their RPC, for a have-map. */
  readonly haveMap: HaveMapSource
  /** How long after reading a list it is read again, s. */
  readonly haveMapInterval: number
  /** Where the admin server listens; port 0 takes any free port. */
  readonly admin: { readonly host: string, readonly port: number }
  /** Where /api/v0/refs is served; undefined if it is not. */
  readonly preload?: PreloadConfig
  /** The Redis by which several balancers with one identity find the clients of preload requests; undefined: each only finds its own clients. */
  readonly redis?: RedisConfig
  /** Whether nodes look elsewhere for blocks that they do not have. */
  readonly fetchThrough: 'on' | 'off'
  /** Processes that share the identity and the ports. */
  readonly workers: number
  /** How long transfers may take to finish when the balancer stops, s. */
  readonly grace: number
  readonly limits: BalancerLimits
  /** The hash functions by which blocks are verified; wants with any other get a DONT_HAVE. */
  readonly hashes: Hashes
  /** Paths and URLs of lists of content that is not served. */
  readonly denylist: readonly string[]
  readonly logLevel: LogLevel
  readonly log: LogFormat
  /** Path of the recording of the router's inputs and decisions; an existing file is overwritten. */
  readonly record?: string
}

/** The defaults of all options. */
export const DEFAULTS = {
  listen: ['/ip4/0.0.0.0/tcp/0'],
  key: './key',
  strategy: DEFAULT_STRATEGY,
  haveMap: 'off',
  haveMapInterval: DEFAULT_HAVE_MAP.interval / 1000,
  admin: { host: '127.0.0.1', port: 9090 },
  workers: 1,
  grace: 30,
  limits: DEFAULT_BALANCER_LIMITS,
  hashes: 'all',
  logLevel: 'info',
  log: 'text'
} as const

/**
 * Reads and checks the configuration.
 *
 * @throws {ConfigError} its message is one line that names the flag, variable or key
 */
export function loadConfig (sources: Sources): BalancerConfig {
  return resolveConfig(collectSettings(sources), sources.readFile)
}

/**
 * Checks collected settings and fills in the defaults: those in `defaults`, then
 * {@link DEFAULTS}.
 *
 * @throws {ConfigError}
 */
export function resolveConfig (settings: Settings, readFile: Sources['readFile'], defaults: { readonly key?: string } = {}): BalancerConfig {
  if (settings.probe != null && settings.checkConfig == null) {
    throw new ConfigError('--probe: use it together with --check-config')
  }

  if (settings.downstream == null) {
    throw new ConfigError('no downstream: add at least one node with -d <address> (see --help)')
  }

  const nodes = downstreams(settings.downstream, readFile)

  return {
    downstreams: nodes,
    listen: settings.listen == null ? DEFAULTS.listen : list(settings.listen).map(text => tcpAddress(text, settings.listen)),
    websocket: list(settings.websocket).map(text => webSocketAddress(text, settings.websocket)),
    announce: list(settings.announce).map(text => announcedAddress(text, settings.announce)),
    ...httpSettings(settings),
    key: text(settings.key, 'a path') ?? defaults.key ?? DEFAULTS.key,
    strategy: strategy(settings.strategy),
    ...haveMap(settings, nodes),
    admin: hostAndPort(settings.admin) ?? DEFAULTS.admin,
    workers: workers(settings),
    grace: number(settings.grace, { min: 0, max: 86_400, unit: 'seconds' }) ?? DEFAULTS.grace,
    limits: limitSettings(settings),
    hashes: choice(settings.hashes, HASHES) ?? DEFAULTS.hashes,
    denylist: list(settings.denylist),
    logLevel: choice(settings.logLevel, LOG_LEVELS) ?? DEFAULTS.logLevel,
    log: choice(settings.log, LOG_FORMATS) ?? DEFAULTS.log,
    ...preload(settings, nodes),
    ...redisSettings(settings),
    fetchThrough: fetchThrough(settings, nodes),
    ...(settings.record == null ? {} : { record: text(settings.record, 'a path') })
  }
}

function preload ({ preload, websocket }: Settings, nodes: readonly DownstreamConfig[]): Pick<BalancerConfig, 'preload'> {
  if (preload == null) {
    return {}
  }

  if (websocket == null) {
    throw new ConfigError(`${preload.origin}: clients that cannot be dialled connect by WebSockets; add -w`)
  }

  if (nodes.every(({ kind }) => kind !== 'rpc')) {
    throw new ConfigError(`${preload.origin}: no node can be asked to fetch; give the RPC of at least one with -d`)
  }

  return { preload: listenAddress(preload) }
}

function haveMap ({ haveMap, haveMapInterval }: Settings, nodes: readonly DownstreamConfig[]): Pick<BalancerConfig, 'haveMap' | 'haveMapInterval'> {
  const chosen = choice(haveMap, HAVE_MAPS) ?? DEFAULTS.haveMap

  if (chosen !== 'off' && nodes.every(({ kind }) => kind !== 'rpc')) {
    throw new ConfigError(`${haveMap?.origin}: no node can be asked for a list; give the RPC of at least one with -d`)
  }

  return {
    haveMap: chosen,
    haveMapInterval: number(haveMapInterval, { min: 1, max: 86_400, unit: 'seconds' }) ?? DEFAULTS.haveMapInterval
  }
}

function workers ({ workers, preload, redis, record }: Settings): number {
  const count = number(workers, { min: 1, max: 256, integer: true }) ?? DEFAULTS.workers

  if (count > 1 && preload != null && redis == null) {
    throw new ConfigError(`${workers?.origin}: the preload request of a client and its connection may arrive at different workers, which find each other by Redis; add --redis, or leave out ${preload.origin}`)
  }

  if (count > 1 && record != null) {
    throw new ConfigError(`${record.origin}: a recording is of one process; leave out ${workers?.origin}`)
  }

  return count
}

function fetchThrough ({ fetchThrough, preload }: Settings, nodes: readonly DownstreamConfig[]): 'on' | 'off' {
  const chosen = choice(fetchThrough, ['on', 'off'] as const) ?? (preload == null ? 'off' : 'on')

  if (chosen === 'on' && nodes.every(({ kind }) => kind !== 'rpc')) {
    throw new ConfigError(`${fetchThrough?.origin}: no node can be asked to look elsewhere; give the RPC of at least one with -d`)
  }

  return chosen
}

function downstreams (setting: Setting, readFile: Sources['readFile']): DownstreamConfig[] {
  const parsed = items(setting).map(item => parseDownstream(item, setting.origin, readFile))
  const ids = new Set<string>()

  if (parsed.length === 0) {
    throw new ConfigError(`${setting.origin}: names no downstream`)
  }

  for (const { id } of parsed) {
    if (ids.has(id)) {
      throw new ConfigError(`${setting.origin}: two downstreams are called ${id}; give them different names with ;name=`)
    }

    ids.add(id)
  }

  return parsed
}

function strategy (setting: Setting | undefined): string {
  const expression = text(setting, 'a strategy') ?? DEFAULTS.strategy

  try {
    checkStrategy(expression)
  } catch (err) {
    throw new ConfigError(`${setting?.origin}: ${oneLine(err)}`)
  }

  return expression
}

/** A port on all addresses, as in go-libp2p-kitsune, or host:port. */
function listenAddress (setting: Setting): PreloadConfig | undefined {
  const value = String(setting.value)

  return hostAndPort(/^\d{1,5}$/.test(value) ? { ...setting, value: `0.0.0.0:${value}` } : setting)
}
