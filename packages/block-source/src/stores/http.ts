import { InvalidOptionError } from '../errors.ts'
import { discard } from '../http/body.ts'
import { createHttpClient, statusError } from '../http/client.ts'
import { httpObjects } from '../http/object-store.ts'
import { encodeName, parseUrl } from '../http/url.ts'
import { checkMaxRead } from './request.ts'
import type { StoreLimits } from './request.ts'
import type { HttpOptions } from '../http/client.ts'
import type { ForbiddenOptions, HttpObjectStore } from '../http/object-store.ts'

/** Options of {@link httpStore}. */
export interface HttpStoreInit extends HttpOptions, StoreLimits, ForbiddenOptions {
  /** The URL below which the names of objects are paths. */
  readonly url: string | URL
  /** Headers for each request, e.g. `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Reads the files of a web server that supports ranges. If the server ignores ranges, only
 * the first 4 MiB of each object can be read.
 *
 * @throws {InvalidOptionError} if the URL is not an http or https URL, or an option is invalid
 */
export function httpStore (init: HttpStoreInit): HttpObjectStore {
  const base = parseUrl('url', init.url)

  if (base.search !== '' || base.hash !== '') {
    throw new InvalidOptionError(`url must not have a query or fragment, since names are paths below it: ${base.href}`)
  }

  const folder = base.href.endsWith('/') ? base.href : `${base.href}/`

  return httpObjects({
    client: createHttpClient(init),
    maxRead: checkMaxRead(init),
    forbidden: init,
    server: {
      head: true,
      request: (object, options) => new Request(folder + encodeName(object), { ...options, headers: { ...init.headers, ...options.headers } }),
      async failure (what, { response }) {
        await discard(response.body)

        switch (response.status) {
          case 404:
          case 410: return 'absent'
          case 403: return 'forbidden'
          default: return statusError(what, response)
        }
      }
    }
  })
}
