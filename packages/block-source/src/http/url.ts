import { InvalidOptionError } from '../errors.ts'

/**
 * @param name - of the option
 * @throws {InvalidOptionError} if it is no URL of http or https
 */
export function parseUrl (name: string, value: string | URL): URL {
  const url = URL.parse(String(value))

  if (url == null || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidOptionError(`${name} is a URL of http or https, not ${JSON.stringify(String(value))}`)
  }
  return url
}

/** The name of an object as a path. Signatures want the few characters escaped that `encodeURIComponent` leaves. */
export function encodeName (object: string): string {
  return encodeURIComponent(object).replaceAll('%2F', '/').replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
