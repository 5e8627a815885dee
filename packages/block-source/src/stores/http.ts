import { InvalidOptionError } from '../errors.ts'
import { discard } from '../http/body.ts'
import { createHttpClient, statusError } from '../http/client.ts'
import { httpObjects } from '../http/object-store.ts'
import { encodeName, parseUrl } from '../http/url.ts'
import { checkMaxRead } from './request.ts'
import type { StoreLimits } from './request.ts'
import type { HttpOptions } from '../http/client.ts'
import type { ForbiddenOptions, HttpObjectStore } from '../http/object-store.ts'

export interface HttpStoreInit extends HttpOptions, StoreLimits, ForbiddenOptions {
  /** Where the objects are: the name of one is a path below it. */
  readonly url: string | URL
  /** Sent with each request, e.g. `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Files of a web server that knows ranges. One that ignores them will do for
 * what lies within the first 4 MiB of an object.
 *
 * @throws {InvalidOptionError} if the URL is none of http or https, or an option cannot be meant
 */
export function httpStore (init: HttpStoreInit): HttpObjectStore {
  const base = parseUrl('url', init.url)
  if (base.search !== '' || base.hash !== '') {
    throw new InvalidOptionError(`url: names are paths below it, so it has neither query nor fragment: ${base.href}`)
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
