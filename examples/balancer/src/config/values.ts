import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { ConfigError } from '../errors.ts'
import { oneLine } from './layers.ts'
import { redact } from './secret.ts'
import { didYouMean } from './suggestions.ts'
import type { Setting } from './layers.ts'

/** The entries of a list, which come from an array in the file, repeated flags, and commas within each. */
export function items (setting: Setting): unknown[] {
  const values: unknown[] = Array.isArray(setting.value) ? setting.value : [setting.value]

  return values.flatMap(value => typeof value === 'string'
    ? value.split(',').map(part => part.trim()).filter(part => part !== '')
    : [value])
}

/** A list of strings; empty if it is not set. */
export function list (setting: Setting | undefined): string[] {
  return setting == null
    ? []
    : items(setting).map(item => {
      if (typeof item !== 'string') {
        throw refuse(setting, 'must be a string or a list of strings', item)
      }

      return item
    })
}

/** A text that is not empty; `expected` completes the error message, as in `must be a path`. */
export function text (setting: Setting | undefined, expected = 'a text'): string | undefined {
  if (setting != null && (typeof setting.value !== 'string' || setting.value === '')) {
    throw refuse(setting, `must be ${expected}`)
  }

  return setting?.value as string | undefined
}

/** One of the given words. */
export function choice <T extends string> (setting: Setting | undefined, choices: readonly T[]): T | undefined {
  const value = setting?.value

  if (setting == null || choices.includes(value as T)) {
    return value as T | undefined
  }

  const close = typeof value === 'string' ? didYouMean(value, choices) : ''

  throw new ConfigError(`${refuse(setting, `must be one of ${choices.join(', ')}`).message}${close}`)
}

interface NumberRange {
  readonly min: number
  readonly max: number
  /** Default: fractions are allowed. */
  readonly integer?: boolean
  /** The unit, for messages. */
  readonly unit?: string
}

/** A number: decimal digits from flags and variables; a number or the same digits from the file. */
export function number (setting: Setting | undefined, { min, max, integer = false, unit }: NumberRange): number | undefined {
  if (setting == null) {
    return undefined
  }

  const value = toNumber(setting.value)

  if (!(value >= min && value <= max) || (integer && !Number.isInteger(value))) {
    throw refuse(setting, `must be a ${integer ? 'whole ' : ''}number${unit == null ? '' : ` of ${unit}`} from ${min} to ${max}`)
  }

  return value
}

const UNITS: Record<string, number> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }

/** A size in bytes: a number, or a number with KiB, MiB, GiB or TiB. */
export function size (setting: Setting | undefined, { min, max }: { min: number, max: number }): number | undefined {
  if (setting == null) {
    return undefined
  }

  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?(KiB|MiB|GiB|TiB|)$/.exec(String(setting.value)) ?? []
  const bytes = isScalar(setting.value) && digits != null ? Math.round(Number(digits) * UNITS[unit]) : NaN

  if (!(bytes >= min && bytes <= max)) {
    throw refuse(setting, `must be a size from ${min >> 10}KiB to ${max / 2 ** 30}GiB, such as 64MiB`)
  }

  return bytes
}

function toNumber (value: unknown): number {
  return isScalar(value) && /^-?\d+(\.\d+)?$/.test(String(value)) ? Number(value) : NaN
}

function isScalar (value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

/** Parses a multiaddr. For a host and port the error suggests the multiaddr to write. */
export function address (text: string, setting: Setting | undefined): ReturnType<typeof multiaddr> {
  const peerId = /\/p2p\/([^/]*)/.exec(text)?.[1]

  if (peerId != null && !isPeerId(peerId)) {
    throw new ConfigError(`${setting?.origin}: "${text}" cannot be used: "${peerId}" is not a peer id`)
  }

  try {
    return multiaddr(text)
  } catch (err) {
    const written = asMultiaddr(text)

    throw new ConfigError(written == null
      ? `${setting?.origin}: "${text}" is not a multiaddr such as /ip4/0.0.0.0/tcp/4001: ${oneLine(err)}`
      : `${setting?.origin}: "${text}" is not a multiaddr; write ${written}`)
  }
}

function isPeerId (text: string): boolean {
  try {
    peerIdFromString(text)

    return true
  } catch {
    return false
  }
}

/** The multiaddr of `host:port`, `[::1]:port`, `:port` or `port`. */
function asMultiaddr (text: string): string | undefined {
  const [, bracketed, host = '', port] = /^(?:(?:\[([\da-f:.]+)\]|([\w.-]*)):)?(\d{1,5})$/i.exec(text) ?? []

  if (port == null || Number(port) > 65_535) {
    return undefined
  }

  if (bracketed != null) {
    return `/ip6/${bracketed}/tcp/${port}`
  }

  if (host === '') {
    return `/ip4/0.0.0.0/tcp/${port}`
  }

  return host === 'localhost' ? `/ip4/127.0.0.1/tcp/${port}` : `/${/^[\d.]+$/.test(host) ? 'ip4' : 'dns'}/${host}/tcp/${port}`
}

/** A host and a port, such as `127.0.0.1:9090` or `[::1]:9090`. */
export function hostAndPort (setting: Setting | undefined): { host: string, port: number } | undefined {
  if (setting == null) {
    return undefined
  }

  const parsed = parseHostAndPort(setting.value)

  if (parsed == null) {
    throw refuse(setting, 'must be host:port such as 127.0.0.1:9090 or [::1]:9090')
  }

  return parsed
}

/** Undefined for anything that is not a host and port. */
export function parseHostAndPort (value: unknown): { host: string, port: number } | undefined {
  const [, bracketed, host, port] = /^(?:\[([\da-fA-F:.%]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(typeof value === 'string' ? value : '') ?? []

  return port == null || Number(port) > 65_535 ? undefined : { host: bracketed ?? host, port: Number(port) }
}

/** Creates an error like `grace: must be …, not null`. It does not show credentials in the value. */
export function refuse (setting: Setting, expected: string, value = setting.value): ConfigError {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value)

  return new ConfigError(`${setting.origin}: ${expected}, not ${redact(shown.length > 100 ? `${shown.slice(0, 100)}…` : shown)}`)
}
