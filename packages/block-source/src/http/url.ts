import { InvalidOptionError } from '../errors.ts'

/**
 * @param name - the option's name
 * @throws {InvalidOptionError} if it is not an http or https URL
 */
export function parseUrl (name: string, value: string | URL): URL {
  const url = URL.parse(String(value))

  if (url == null || !['http:', 'https:'].includes(url.protocol)) {
    throw new InvalidOptionError(`${name} must be an http or https URL, not ${JSON.stringify(String(value))}`)
  }

  return url
}

/** The name of an object as a path. It also escapes the few characters that `encodeURIComponent` does not, since signatures require that. */
export function encodeName (object: string): string {
  return encodeURIComponent(object).replaceAll('%2F', '/').replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
