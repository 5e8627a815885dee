import { InvalidEndpointError } from './errors.ts'

/** Where an RPC answers, and its credentials. */
export interface EndpointInit {
  /**
   * A multiaddr (`/ip4/10.0.0.1/tcp/5001`, with `/http` or `/https`), or an http(s)
   * URL. A URL's `user:password@` becomes an Authorization header, and appears in no
   * name and no error.
   */
  readonly url: string | URL
  /** Value of an Authorization header, e.g. `Bearer …`, for a URL without credentials. */
  readonly authorization?: string
  /** More headers, for example for a proxy. They are as secret as the credentials. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A host, as a multiaddr names it. */
export interface EndpointHost {
  readonly name: 'ip4' | 'ip6' | 'dns' | 'dns4' | 'dns6'
  readonly value: string
}

/** The address of an RPC, as it was understood. */
export interface Endpoint {
  /** The address as configured, without its credentials: fit for names, errors and logs. */
  readonly name: string
  /** Its base, ending in a slash, without credentials. */
  readonly url: URL
  readonly host: EndpointHost
  /** The headers of each request, with the credentials. */
  readonly headers: Readonly<Record<string, string>>
}

/** An address without its headers, and the credentials that were in it. */
interface Address extends Omit<Endpoint, 'headers'> {
  readonly authorization?: string
}

const SCHEMES: Record<string, string> = { '': 'http', http: 'http', https: 'https', 'tls/http': 'https' }

/**
 * Reads the address of an RPC and its credentials.
 *
 * @throws {InvalidEndpointError} the address or a header is invalid, or credentials are given more than once; the message shows no credentials
 */
export function parseEndpoint ({ url, authorization, headers }: EndpointInit): Endpoint {
  const text = String(url).trim()
  const { authorization: own, ...address } = text.startsWith('/') ? fromMultiaddr(text) : fromUrl(text)

  return { ...address, headers: allHeaders(address.name, [own, authorization], headers) }
}

function fromMultiaddr (name: string): Address {
  if (name.includes('@')) {
    throw refuse(name, 'a multiaddr cannot contain credentials; use a URL')
  }

  const [protocol, value = '', transport, port = '', ...rest] = name.replace(/\/$/, '').split('/').slice(1)
  const scheme = SCHEMES[rest.join('/')]

  if (rest.includes('p2p')) {
    throw refuse(name, 'it is the swarm address of a peer')
  }

  if (!isHostProtocol(protocol) || transport !== 'tcp' || scheme == null) {
    throw refuse(name, 'only /http or /https may follow its host and TCP port')
  }

  const url = URL.parse(`${scheme}://${protocol === 'ip6' ? `[${value}]` : value}:${port}/`)

  if (url == null || !/^\d+$/.test(port) || !isHost(protocol, value, url.hostname)) {
    throw refuse(name, 'its host or port is not valid')
  }

  return { name, url, host: { name: protocol, value } }
}

/** Whether the URL has understood the host of a multiaddr as it is written. */
function isHost (protocol: EndpointHost['name'], value: string, hostname: string): boolean {
  switch (protocol) {
    case 'ip4': return /^[\d.]+$/.test(value) && hostname === value
    case 'ip6': return /^[\da-f:.]+$/i.test(value)
    default: return /^[^\s/?#:]+$/.test(value)
  }
}

function isHostProtocol (name: string): name is EndpointHost['name'] {
  return ['ip4', 'ip6', 'dns', 'dns4', 'dns6'].includes(name)
}

function fromUrl (text: string): Address {
  // strict, so that credentials are removed from everything that URL would understand (`http:/me:secret@host`, tabs)
  const match = /^(https?:\/\/)([^\s/\\?#]*)([^\s\\]*)$/i.exec(text)
  const [, scheme, authority, rest] = match ?? []

  if (match == null || !URL.canParse(text)) {
    throw refuse(text, 'it is neither a multiaddr nor an http(s) URL')
  }

  if (rest.includes('@')) {
    throw refuse(text, 'write / ? # in a user or password as %2F %3F %23')
  }

  const { username, password } = new URL(text)
  const name = scheme + authority.slice(authority.lastIndexOf('@') + 1) + rest
  const url = new URL(name)

  if (url.search !== '' || url.hash !== '') {
    throw refuse(`${url.origin}${url.pathname}`, 'it must not have a query or a fragment')
  }

  url.pathname = url.pathname.replace(/\/*$/, '/')

  return {
    name,
    url,
    host: hostOf(url.hostname),
    ...(username === '' && password === '' ? {} : { authorization: basic(username, password, name) })
  }
}

function hostOf (hostname: string): EndpointHost {
  const ip6 = /^\[(.*)\]$/.exec(hostname)?.[1]

  return ip6 == null
    ? { name: /^\d+\.\d+\.\d+\.\d+$/.test(hostname) ? 'ip4' : 'dns', value: hostname }
    : { name: 'ip6', value: ip6 }
}

function basic (username: string, password: string, name: string): string {
  try {
    const bytes = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)

    return `Basic ${btoa(String.fromCharCode(...bytes))}`
  } catch {
    throw refuse(name, 'its user or password is not percent-encoded UTF-8')
  }
}

function allHeaders (name: string, authorizations: ReadonlyArray<string | undefined>, given: Readonly<Record<string, string>> = {}): Record<string, string> {
  const headers: Record<string, string> = {}
  const credentials = authorizations.filter(value => value != null).map(value => ['authorization', value])

  for (const [header, value] of [...Object.entries(given), ...credentials]) {
    const key = header.toLowerCase()

    if (Object.hasOwn(headers, key)) {
      throw new InvalidEndpointError(`${name} has more than one value for the header ${header}: give credentials in the URL, as authorization or as a header`)
    }

    try {
      new Headers().set(header, value)
    } catch {
      // the original error shows the value
      throw new InvalidEndpointError(`${name} has a header ${JSON.stringify(header)} whose name or value HTTP does not allow`)
    }

    headers[key] = value
  }

  return headers
}

/** Creates the error for an address. Credentials may be anywhere in an invalid address, so this removes too much rather than too little. */
function refuse (text: string, why: string): InvalidEndpointError {
  const name = text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1')

  return new InvalidEndpointError(`"${name}" is not the address of an HTTP API: ${why}. Write /ip4/127.0.0.1/tcp/5001, /dns4/node/tcp/443/https or http://127.0.0.1:5001`)
}
