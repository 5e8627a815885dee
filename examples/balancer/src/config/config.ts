import { multiaddr } from '@multiformats/multiaddr'
import { ConfigError } from '../errors.ts'
import { parseDownstream } from './downstreams.ts'
import { collectSettings, oneLine } from './layers.ts'
import { checkStrategy } from './strategy.ts'
import type { DownstreamConfig } from './downstreams.ts'
import type { Setting, Settings, Sources } from './layers.ts'
import type { Hashes } from '../hosts/hashers.ts'

/** The effective configuration. Safe to print: secrets mask themselves. */
export interface BalancerConfig {
  /** At least one; their ids differ. */
  readonly downstreams: readonly DownstreamConfig[]
  /** TCP multiaddrs. */
  readonly listen: readonly string[]
  /** WebSocket multiaddrs, each ending in /ws. */
  readonly websocket: readonly string[]
  /** Told to clients in place of the addresses listened on; empty for those. */
  readonly announce: readonly string[]
  /** Path of the private key file. */
  readonly key: string
  /** Strategy expression; modules in it are not looked at yet. */
  readonly strategy: string
  /** Where the admin server listens; port 0 takes any. */
  readonly admin: { readonly host: string, readonly port: number }
  /** How long transfers may take to finish once stopping, s. */
  readonly grace: number
  /** Clients connected at the same time. */
  readonly maxConnections: number
  /** Which hash functions blocks are verified by; wants with another are denied. */
  readonly hashes: Hashes
  /** File that is written anew with all that the router does. */
  readonly record?: string
}

/** What holds where nothing is configured. */
export const DEFAULTS = {
  listen: ['/ip4/0.0.0.0/tcp/0'],
  key: './key',
  strategy: 'bounded-load(rendezvous)',
  admin: { host: '127.0.0.1', port: 9090 },
  grace: 30,
  // libp2p copies its list of connections for each that arrives: 2,000 is
  // where that begins to show
  maxConnections: 2000,
  hashes: 'all'
} as const

/**
 * Reads and checks the configuration.
 *
 * @throws {ConfigError} in one line that names the flag, variable or key
 */
export function loadConfig (sources: Sources): BalancerConfig {
  return resolveConfig(collectSettings(sources), sources.readFile)
}

/**
 * Checks collected settings and fills in the defaults.
 *
 * @throws {ConfigError}
 */
export function resolveConfig (settings: Settings, readFile: Sources['readFile']): BalancerConfig {
  if (settings.preload != null) {
    throw new ConfigError('-p: preload is not available yet; leave the option out')
  }

  if (settings.downstream == null) {
    throw new ConfigError('no downstream: name at least one node with -d <address> (see --help)')
  }

  return {
    downstreams: downstreams(settings.downstream, readFile),
    listen: settings.listen == null ? DEFAULTS.listen : list(settings.listen).map(text => tcpAddress(text, settings.listen)),
    websocket: list(settings.websocket).map(text => webSocketAddress(text, settings.websocket)),
    announce: list(settings.announce).map(text => address(text, settings.announce).toString()),
    key: text(settings.key) ?? DEFAULTS.key,
    strategy: strategy(settings.strategy),
    admin: hostAndPort(settings.admin),
    grace: number(settings.grace, { min: 0, max: 86_400 }) ?? DEFAULTS.grace,
    maxConnections: number(settings.maxConnections, { min: 1, max: 65_000 }) ?? DEFAULTS.maxConnections,
    hashes: hashes(settings.hashes),
    ...(settings.record == null ? {} : { record: text(settings.record) })
  }
}

function downstreams (setting: Setting, readFile: Sources['readFile']): DownstreamConfig[] {
  const parsed = items(setting).map(item => parseDownstream(item, setting.origin, readFile))
  const ids = new Set<string>()

  if (parsed.length === 0) {
    throw new ConfigError(`${setting.origin}: names no downstream`)
  }

  for (const { id } of parsed) {
    if (ids.has(id)) {
      throw new ConfigError(`${setting.origin}: two downstreams are called ${id}; tell them apart with ;name=`)
    }

    ids.add(id)
  }

  return parsed
}

/** The entries of a list: an array in the file, repeated flags, commas within each. */
function items (setting: Setting): unknown[] {
  const values: unknown[] = Array.isArray(setting.value) ? setting.value : [setting.value]

  return values.flatMap(value => typeof value === 'string'
    ? value.split(',').map(part => part.trim()).filter(part => part !== '')
    : [value])
}

function list (setting: Setting | undefined): string[] {
  return setting == null
    ? []
    : items(setting).map(item => {
      if (typeof item !== 'string') {
        throw new ConfigError(`${setting.origin}: must be a string or a list of strings`)
      }

      return item
    })
}

function text (setting: Setting | undefined): string | undefined {
  if (setting != null && (typeof setting.value !== 'string' || setting.value === '')) {
    throw new ConfigError(`${setting.origin}: must be a text`)
  }

  return setting?.value as string | undefined
}

function number (setting: Setting | undefined, { min, max }: { min: number, max: number }): number | undefined {
  if (setting == null) {
    return undefined
  }

  const value = setting.value === '' ? NaN : Number(setting.value)

  if (!Number.isFinite(value) || value < min || value > max) {
    throw new ConfigError(`${setting.origin}: must be a number from ${min} to ${max}`)
  }

  return value
}

function address (text: string, setting: Setting | undefined): ReturnType<typeof multiaddr> {
  try {
    return multiaddr(text)
  } catch (err) {
    throw new ConfigError(`${setting?.origin}: "${text}" is not a multiaddr: ${oneLine(err)}`)
  }
}

function protocols (text: string, setting: Setting | undefined): string {
  return address(text, setting).getComponents().map(({ name }) => name).join('/')
}

function tcpAddress (text: string, setting: Setting | undefined): string {
  if (!/^ip[46]\/tcp$/.test(protocols(text, setting))) {
    throw new ConfigError(`${setting?.origin}: ${text}: expected /ip4/<address>/tcp/<port> or /ip6/...; there is no QUIC or WebTransport, and WebSockets are listened for with -w`)
  }

  return text
}

function webSocketAddress (text: string, setting: Setting | undefined): string {
  const names = protocols(text, setting)

  if (!/^ip[46]\/tcp(\/ws)?$/.test(names)) {
    throw new ConfigError(`${setting?.origin}: ${text}: expected /ip4/<address>/tcp/<port>, with or without /ws; TLS is ended by a proxy in front`)
  }

  return names.endsWith('/ws') ? text : `${text.replace(/\/$/, '')}/ws`
}

function strategy (setting: Setting | undefined): string {
  const expression = text(setting) ?? DEFAULTS.strategy

  try {
    checkStrategy(expression)
  } catch (err) {
    throw new ConfigError(`${setting?.origin}: ${oneLine(err)}`)
  }

  return expression
}

function hashes (setting: Setting | undefined): Hashes {
  const value = text(setting) ?? DEFAULTS.hashes

  if (value !== 'all' && value !== 'fast') {
    throw new ConfigError(`${setting?.origin}: expected all or fast, got "${value}"`)
  }

  return value
}

function hostAndPort (setting: Setting | undefined): BalancerConfig['admin'] {
  const value = text(setting)

  if (value == null) {
    return DEFAULTS.admin
  }

  const [, bracketed, host, port] = /^(?:\[([\da-fA-F:.%]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(value) ?? []

  if (port == null || Number(port) > 65_535) {
    throw new ConfigError(`${setting?.origin}: expected host:port such as 127.0.0.1:9090 or [::1]:9090, got "${value}"`)
  }

  return { host: bracketed ?? host, port: Number(port) }
}
