import { checkNames, checkNumbers } from '../../check-options.ts'
import { DenylistUnavailableError, InvalidOptionError } from '../../errors.ts'
import type { ListSource } from '../lists/reloaded-lists.ts'

/** Options of {@link urlList}. */
export interface UrlListInit {
  /** The longest list that is read, bytes. Default 128 MiB. */
  readonly maxLength?: number
  /** How long reading it may take, ms. Default: as long as it takes. */
  readonly timeout?: number
  /** Default: the platform's. */
  fetch? (url: string, init: RequestInit): Promise<Response>
}

const DEFAULT_MAX_LENGTH = 128 << 20

/**
 * A denylist on a web server, which is read only if it has changed.
 *
 * @throws {InvalidOptionError} it is not a URL of http or https, or an option does not exist or is invalid
 */
export function urlList (url: string, init: UrlListInit = {}): ListSource {
  checkNames('urlList: ', init, ['maxLength', 'timeout', 'fetch'])
  checkNumbers('urlList: ', { maxLength: init.maxLength, timeout: init.timeout }, { maxLength: true, timeout: true })
  const { maxLength = DEFAULT_MAX_LENGTH, timeout, fetch: get = fetch } = init

  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new InvalidOptionError(`denylist: ${url} is not a URL of http or https`)
  }

  let etag: string | undefined

  return {
    name: url,

    async load (signal) {
      const response = await get(url, { signal: timeout == null ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeout)]), headers: etag == null ? {} : { 'if-none-match': etag } })

      if (response.status === 304 || !response.ok) {
        await response.body?.cancel()

        if (response.status === 304) {
          return undefined
        }

        throw new DenylistUnavailableError(`the server answers ${response.status}`)
      }

      const text = await readText(response, maxLength)
      etag = response.headers.get('etag') ?? undefined

      return text
    }
  }
}

async function readText ({ body }: Response, maxLength: number): Promise<string> {
  const decoder = new TextDecoder()
  const reader = body?.getReader()
  let text = ''
  let length = 0

  for (let next = await reader?.read(); next != null && !next.done; next = await reader?.read()) {
    length += next.value.byteLength

    if (length > maxLength) {
      await reader?.cancel()
      throw new DenylistUnavailableError(`it has more than ${maxLength} bytes`)
    }

    text += decoder.decode(next.value, { stream: true })
  }

  return text + decoder.decode()
}
