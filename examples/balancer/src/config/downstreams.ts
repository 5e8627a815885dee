import { ConfigError } from '../errors.ts'
import { createTarget } from '../targets.ts'
import { oneLine } from './layers.ts'
import { createSecret, redact } from './secret.ts'
import { didYouMean } from './suggestions.ts'
import type { DownstreamConfig } from './downstream-config.ts'

/** A downstream before it is interpreted. */
interface RawDownstream {
  address: string
  name?: string
  weight?: number
  labels: Record<string, string>
  authFile?: string
  entries?: number
}

const KEYS = ['address', 'name', 'weight', 'entries', 'labels', 'authFile']
const PARAMETERS = ['name', 'weight', 'entries', 'auth-file']
const NAME = /^[\w.:/-]{1,200}$/
const LABEL = /^[a-zA-Z_]\w{0,63}$/

/**
 * Parses `address;name=a;weight=2;entries=16;label.zone=x;auth-file=path`, or the
 * equivalent object of a config file.
 *
 * @throws {ConfigError} that names `origin` and shows no credential
 */
export function parseDownstream (value: unknown, origin: string, readFile: (path: string) => string): DownstreamConfig {
  const raw = typeof value === 'string' ? fromText(value, origin) : fromObject(value, origin)
  const { address, credentials } = splitCredentials(raw.address, origin)

  if (/^[\w.-]+:\d{1,5}$/.test(address)) {
    throw new ConfigError(`${origin}: "${address}" is neither a multiaddr nor an http(s) URL; write http://${address}`)
  }

  const kind = isSwarmAddress(address, origin) ? 'swarm' : 'rpc'

  if (raw.authFile != null && (kind === 'swarm' || credentials != null)) {
    throw new ConfigError(`${origin}: ${address}: auth-file needs an RPC address whose URL has no credentials`)
  }

  const authorization = raw.authFile == null ? credentials : readAuthFile(raw.authFile, origin, readFile)
  const downstream: DownstreamConfig = {
    id: checkedName(raw.name, origin) ?? address,
    kind,
    address,
    weight: checkedWeight(raw.weight ?? 1, origin),
    labels: raw.labels,
    ...(raw.entries == null ? {} : { entries: checkedEntries(raw.entries, origin) }),
    ...(authorization == null ? {} : { authorization: createSecret(authorization) }),
    ...(raw.authFile == null ? {} : { authFile: raw.authFile })
  }

  try {
    createTarget(downstream)
  } catch (err) {
    throw new ConfigError(`${origin}: ${redact(oneLine(err))}`)
  }

  return downstream
}

function fromText (text: string, origin: string): RawDownstream {
  const [address, ...parameters] = text.split(';').map(part => part.trim())
  const raw: RawDownstream = { address, labels: {} }

  for (const parameter of parameters.filter(part => part !== '')) {
    const equals = parameter.indexOf('=')
    const key = parameter.slice(0, Math.max(equals, 0))
    const value = parameter.slice(equals + 1)

    if (key === '' || value === '') {
      throw new ConfigError(`${origin}: ${redact(address)}: expected key=value, got "${redact(parameter)}"`)
    }

    if (key === 'name') {
      raw.name = value
    } else if (key === 'weight') {
      raw.weight = Number(value)
    } else if (key === 'entries') {
      raw.entries = Number(value)
    } else if (key === 'auth-file') {
      raw.authFile = value
    } else if (key.startsWith('label.')) {
      raw.labels[checkedLabel(key.slice('label.'.length), origin)] = value
    } else {
      throw new ConfigError(`${origin}: ${redact(address)}: unknown parameter "${key}"${didYouMean(key, PARAMETERS)}; known are name, weight, entries, label.<name> and auth-file`)
    }
  }

  return raw
}

function fromObject (value: unknown, origin: string): RawDownstream {
  if (value == null || typeof value !== 'object' || !('address' in value) || typeof value.address !== 'string') {
    throw new ConfigError(`${origin}: each downstream must be a string, or an object with an "address"`)
  }

  const raw: RawDownstream = { address: value.address, labels: {} }

  for (const [key, field] of Object.entries(value)) {
    const close = KEYS.includes(key) ? '' : didYouMean(key, KEYS)

    if (key === 'name' && typeof field === 'string') {
      raw.name = field
    } else if (key === 'weight' && typeof field === 'number') {
      raw.weight = field
    } else if (key === 'entries' && typeof field === 'number') {
      raw.entries = field
    } else if (key === 'authFile' && typeof field === 'string') {
      raw.authFile = field
    } else if (key === 'labels' && field != null && typeof field === 'object') {
      for (const [label, text] of Object.entries(field)) {
        if (typeof text !== 'string' && typeof text !== 'number') {
          throw new ConfigError(`${origin}: ${redact(raw.address)}: the label ${checkedLabel(label, origin)} must be a text or a number, not ${JSON.stringify(text)}`)
        }

        raw.labels[checkedLabel(label, origin)] = String(text)
      }
    } else if (key !== 'address') {
      throw new ConfigError(`${origin}: ${redact(raw.address)}: "${key}" is unknown or of the wrong type${close}; known are ${KEYS.join(', ')}`)
    }
  }

  return raw
}

/** Splits `user:password@` off a URL. */
function splitCredentials (text: string, origin: string): { address: string, credentials?: string } {
  const [, scheme, authority, rest] = /^(https?:\/\/)([^/?#]*)(.*)$/i.exec(text) ?? []
  const at = authority?.lastIndexOf('@') ?? -1

  if (at === -1) {
    return { address: text }
  }

  try {
    const [user, ...password] = authority.slice(0, at).split(':').map(decodeURIComponent)

    return {
      address: `${scheme}${authority.slice(at + 1)}${rest}`,
      credentials: basic(`${user}:${password.join(':')}`)
    }
  } catch {
    throw new ConfigError(`${origin}: ${redact(text)}: user and password must be percent-encoded`)
  }
}

/**
 * True if the address is a swarm address, which libp2p dials: a multiaddr with /p2p/.
 *
 * @throws {ConfigError} it is a swarm address that cannot be dialled
 */
function isSwarmAddress (text: string, origin: string): boolean {
  if (!/^\/.*\/p2p\//.test(text)) {
    return false
  }

  if (text.includes('/p2p-circuit')) {
    throw new ConfigError(`${origin}: ${text}: the balancer does not dial nodes through relays`)
  }

  if (/\/(quic|quic-v1|webtransport|webrtc|webrtc-direct)\//.test(text)) {
    throw new ConfigError(`${origin}: ${text}: a swarm address must use TCP or WebSockets; there is no QUIC or WebTransport`)
  }

  return true
}

/**
 * Reads the credentials from the first line of the file, in the form of AuthSecret
 * in kubo's `API.Authorizations`: `basic:user:password` or `bearer:token`; bare
 * `user:password` means basic.
 */
function readAuthFile (path: string, origin: string, readFile: (path: string) => string): string {
  let line: string

  try {
    line = readFile(path).split('\n')[0].trim()
  } catch (err) {
    throw new ConfigError(`${origin}: cannot read auth-file ${path}: ${oneLine(err)}`)
  }

  if (line.startsWith('bearer:')) {
    return `Bearer ${line.slice('bearer:'.length)}`
  }

  const credentials = line.startsWith('basic:') ? line.slice('basic:'.length) : line

  if (!credentials.includes(':')) {
    throw new ConfigError(`${origin}: auth-file ${path}: expected user:password, basic:user:password or bearer:token in its first line`)
  }

  return basic(credentials)
}

function basic (credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

function checkedName (name: string | undefined, origin: string): string | undefined {
  if (name != null && !NAME.test(name)) {
    throw new ConfigError(`${origin}: name "${name}" must be 1 to 200 letters, digits, or _ . : / -`)
  }

  return name
}

function checkedWeight (weight: number, origin: string): number {
  if (!Number.isFinite(weight) || weight <= 0 || weight > 1000) {
    throw new ConfigError(`${origin}: a weight must be a number above 0 and at most 1000`)
  }

  return weight
}

function checkedEntries (entries: number, origin: string): number {
  if (!Number.isInteger(entries) || entries < 1) {
    throw new ConfigError(`${origin}: entries must be a whole number above 0`)
  }

  return entries
}

function checkedLabel (label: string, origin: string): string {
  if (!LABEL.test(label)) {
    throw new ConfigError(`${origin}: label "${label}" must be letters, digits and _, and must not begin with a digit`)
  }

  return label
}
