import { multiaddr } from '@multiformats/multiaddr'
import { InvalidEndpointError } from './errors.ts'
import type { Component } from '@multiformats/multiaddr'

/** Where an RPC answers. No credential is in it. */
export interface Endpoint {
  /** The address as configured, without its credentials: fit for names, errors and logs. */
  readonly name: string
  /** Its base, ending in a slash. */
  readonly url: URL
  /** The host, as the first component of its node's addresses. */
  readonly host: Component
  /** Value of an Authorization header, from the credentials in a URL. */
  readonly authorization?: string
}

const HOSTS = ['ip4', 'ip6', 'dns', 'dns4', 'dns6']
const SCHEMES: Record<string, string> = { '': 'http', http: 'http', https: 'https', 'tls/http': 'https' }

/**
 * Reads an RPC's address: `/ip4/10.0.0.1/tcp/5001`, `/dns4/node/tcp/443/https`,
 * `http://10.0.0.1:5001`, or a URL with `user:password@`.
 *
 * @throws {InvalidEndpointError} whose message shows no credentials
 */
export function parseEndpoint (text: string): Endpoint {
  const address = text.trim()
  return address.startsWith('/') ? fromMultiaddr(address) : fromUrl(address)
}

function fromMultiaddr (name: string): Endpoint {
  if (name.includes('@')) {
    throw refuse(name, 'a multiaddr has no credentials, a URL can')
  }

  let components: Component[]

  try {
    components = multiaddr(name).getComponents()
  } catch (err) {
    throw refuse(name, err instanceof Error ? err.message : 'it is not a multiaddr')
  }

  const [host, port, ...rest] = components
  const scheme = SCHEMES[rest.map(({ name }) => name).join('/')]

  if (!HOSTS.includes(host?.name) || host.value == null || port?.name !== 'tcp' || scheme == null) {
    throw refuse(name, rest.some(({ name }) => name === 'p2p') ? 'it is a swarm address, which `peers` takes' : 'it is no address of an HTTP API')
  }

  return { name, url: new URL(`${scheme}://${host.name === 'ip6' ? `[${host.value}]` : host.value}:${port.value}/`), host }
}

function fromUrl (text: string): Endpoint {
  // strict, so that nothing URL would still understand (`http:/me:secret@host`, tabs) gets past the removal of credentials
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
    throw refuse(`${url.origin}${url.pathname}`, 'a query or a fragment has no meaning here')
  }

  url.pathname = url.pathname.replace(/\/*$/, '/')

  return {
    name,
    url,
    host: hostComponent(url.hostname),
    ...(username === '' && password === '' ? {} : { authorization: basic(username, password, name) })
  }
}

function hostComponent (hostname: string): Component {
  const ip6 = /^\[(.*)\]$/.exec(hostname)?.[1]
  const name = /^\d+\.\d+\.\d+\.\d+$/.test(hostname) ? 'ip4' : 'dns'
  return multiaddr(ip6 == null ? `/${name}/${hostname}` : `/ip6/${ip6}`).getComponents()[0]
}

function basic (username: string, password: string, name: string): string {
  try {
    const bytes = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
    return `Basic ${btoa(String.fromCharCode(...bytes))}`
  } catch {
    throw refuse(name, 'its user or password is not percent-encoded UTF-8')
  }
}

/** The text may hold credentials where no parser finds them: better too much removed than too little. */
function refuse (text: string, why: string): InvalidEndpointError {
  const name = text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1')
  return new InvalidEndpointError(`"${name}" cannot be the address of an RPC: ${why}. Write /ip4/127.0.0.1/tcp/5001, /dns4/node/tcp/443/https or http://127.0.0.1:5001`)
}
