import { createTrustedProxies } from '@kitsune/want-router/http'
import { ConfigError } from '../errors.ts'
import { list, parseHostAndPort, refuse, text } from './values.ts'
import type { Setting, Settings } from './layers.ts'

/** The part of the configuration that is about HTTP. */
export interface HttpConfig {
  /** Where to serve HTTP: `http://host:port` or `https://host:port`; port 0 takes any free port. Empty: nowhere. */
  readonly http: readonly string[]
  /** Path of the certificate of https addresses. */
  readonly tlsCert?: string
  /** Path of its private key. */
  readonly tlsKey?: string
  /** Where clients reach the HTTP servers, `https://host`; absent: at their addresses. */
  readonly publicUrl?: string
  /** Addresses, or ranges of them, of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxy: readonly string[]
  /** The status of answers for content on a denylist. */
  readonly deniedStatus: DeniedStatus
}

/** 451, unavailable for legal reasons, which is the default, or 410, gone. */
export type DeniedStatus = typeof DENIED[number]

const DENIED = [451, 410] as const

/**
 * The settings of HTTP. They are checked together, since an https address needs a certificate and its key.
 *
 * @throws {ConfigError}
 */
export function httpSettings (settings: Settings): HttpConfig {
  const tlsCert = text(settings.tlsCert, 'a path')
  const tlsKey = text(settings.tlsKey, 'a path')
  const present = settings.tlsCert ?? settings.tlsKey

  if (present != null && (tlsCert == null || tlsKey == null)) {
    throw new ConfigError(`${present.origin}: a certificate needs --tls-cert and --tls-key`)
  }

  const http = list(settings.http).map(address => serverUrl(address, settings.http, tlsCert != null))

  if (present != null && !http.some(url => url.startsWith('https:'))) {
    throw new ConfigError(`${present.origin}: no --http address uses the certificate`)
  }

  return {
    http,
    ...(tlsCert == null ? {} : { tlsCert, tlsKey }),
    ...(settings.publicUrl == null ? {} : { publicUrl: publicUrl(settings.publicUrl) }),
    trustedProxy: trustedProxy(settings),
    deniedStatus: deniedStatus(settings)
  }
}

/** `host:port` is https if there is a certificate. */
function serverUrl (address: string, setting: Setting | undefined, secure: boolean): string {
  const [, protocol = secure ? 'https' : 'http', rest] = /^(?:(https?):\/\/)?(.*?)\/?$/.exec(address) ?? []
  const { host, port } = parseHostAndPort(rest) ?? {}

  if (host == null) {
    throw refuse(setting ?? { origin: '--http', value: address }, 'must be host:port such as 0.0.0.0:8080, with or without http:// or https:// before it', address)
  }

  if (protocol === 'https' && !secure) {
    throw new ConfigError(`${setting?.origin}: ${address}: https needs --tls-cert and --tls-key`)
  }

  return `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function publicUrl (setting: Setting): string {
  const url = URL.parse(text(setting, 'a URL') ?? '')

  // kubo and Helia replace the whole path
  if (url == null || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw refuse(setting, 'must be a URL without a path such as https://gateway.example')
  }

  return url.origin
}

function deniedStatus ({ deniedStatus: setting, http }: Settings): DeniedStatus {
  if (setting == null) {
    return DENIED[0]
  }

  if (http == null) {
    throw new ConfigError(`${setting.origin}: use it together with --http`)
  }

  const status = DENIED.find(status => String(status) === String(setting.value))

  if (status == null) {
    throw refuse(setting, 'must be 451 or 410')
  }

  return status
}

function trustedProxy ({ trustedProxy: setting, http, websocket }: Settings): string[] {
  const ranges = list(setting)

  if (setting != null && http == null && websocket == null) {
    throw new ConfigError(`${setting.origin}: use it together with --http or -w`)
  }

  try {
    createTrustedProxies(ranges)
  } catch (err) {
    throw new ConfigError(`${setting?.origin}: ${(err as Error).message.replace(/^trustedProxies: /, '')}`)
  }

  return ranges
}
