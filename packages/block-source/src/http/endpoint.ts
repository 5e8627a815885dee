import { InvalidOptionError } from '../errors.ts'
import { parseUrl } from './url.ts'

export interface EndpointInit {
  /**
   * The server's URL. A `user:password@` in it becomes an Authorization header and does
   * not appear in errors.
   */
  readonly url: string | URL
  /** Value of an Authorization header, e.g. `Bearer …`, for a URL without credentials. */
  readonly authorization?: string
  /** Additional headers, for example for a proxy. They are kept as secret as the credentials. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface Endpoint {
  /** The URL without credentials, ending in a slash. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/** @throws {InvalidOptionError} if the URL is invalid, or if credentials are given more than once. The message does not show them. */
export function parseEndpoint ({ url: given, authorization, headers = {} }: EndpointInit): Endpoint {
  const url = withoutPassword(given)
  const credentials = [authorization, url.authorization, ...Object.entries(headers).filter(([name]) => name.toLowerCase() === 'authorization').map(([, value]) => value)].filter(value => value != null)

  if (credentials.length > 1) {
    throw new InvalidOptionError('credentials are given more than once: give them in the URL, as authorization or as a header')
  }
  const all = credentials.length === 1 ? { ...headers, authorization: credentials[0] } : headers
  for (const [name, value] of Object.entries(all)) {
    try {
      new Headers().set(name, value)
    } catch {
      // the original error shows the value
      throw new InvalidOptionError(`headers: the name or value of ${JSON.stringify(name)} is not valid in HTTP`)
    }
  }
  return { url: url.url, headers: all }
}

function withoutPassword (given: string | URL): { url: URL, authorization: string | undefined } {
  const parsed = URL.parse(String(given))
  if (parsed == null) {
    throw new InvalidOptionError('url must be an http or https URL')
  }
  const { username, password } = parsed
  parsed.username = ''
  parsed.password = ''
  if (!parsed.pathname.endsWith('/')) {
    parsed.pathname += '/'
  }
  const url = parseUrl('url', parsed)
  const bytes = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)

  return { url, authorization: username === '' && password === '' ? undefined : `Basic ${btoa(String.fromCharCode(...bytes))}` }
}
