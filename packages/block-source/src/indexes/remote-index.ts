import { DEFAULTS } from '../defaults.ts'
import { StoreRefusedError } from '../errors.ts'
import { readText } from '../http/body.ts'
import { createHttpClient, statusError } from '../http/client.ts'
import { readEndpoint } from '../http/endpoint.ts'
import { decodeAnswer, encodeMultihash } from './remote-format.ts'
import type { RemoteAnswer } from './remote-format.ts'
import type { BlockIndex, Located } from '../block-index.ts'
import type { SourceOptions } from '../block-source.ts'
import type { HttpOptions } from '../http/client.ts'
import type { EndpointInit } from '@kitsune/kubo-rpc'

/** Options of {@link remoteIndex}. */
export interface RemoteIndexInit extends HttpOptions, EndpointInit {
  /**
   * Whether the index behind the service is complete, so that a miss is certain.
   * If the service says that it is not, a miss is an error. Default false
   */
  readonly complete?: boolean
  /** How many multihashes are asked for in one request, at most 1,000. Default 1,000 */
  readonly maxBatch?: number
  /** The most locations of a block. Default 10 */
  readonly maxLocations?: number
}

/** The most that an answer may have, in bytes. */
const MAX_ANSWER = 8 << 20

/**
 * Looks up blocks in the index of another process over HTTP: the client of `indexService`. The names of objects are those of the service's stores.
 *
 * It asks for one multihash without a session by GET, so that a cache in between may keep the
 * answer for as long as the service allows, and otherwise by POST.
 *
 * @throws {InvalidOptionError} if an option is invalid
 */
export function remoteIndex (init: RemoteIndexInit): BlockIndex {
  const { complete = false, maxBatch = DEFAULTS.indexBatch } = init
  const ask = createAsk(init)

  async function locateBatch (texts: readonly string[], options: SourceOptions): Promise<readonly Located[]> {
    const answer = await ask(texts, options)

    return answer.results.map(located => {
      return complete && !answer.complete && !(located instanceof Error) && located.length === 0
        ? new StoreRefusedError('the index service does not know all blocks, so a miss is not certain')
        : located
    })
  }

  return {
    complete,

    async locate (multihashes, options = {}) {
      options.signal?.throwIfAborted()
      const texts = multihashes.map(encodeMultihash)
      const toAsk = [...new Set(texts.filter(text => text != null))]
      const found = new Map<string | undefined, Located>()

      for (let at = 0; at < toAsk.length; at += maxBatch) {
        const batch = toAsk.slice(at, at + maxBatch)
        const results = await locateBatch(batch, options).catch((err: unknown) => {
          options.signal?.throwIfAborted()

          return batch.map(() => err instanceof Error ? err : new Error(String(err)))
        })

        for (const [i, text] of batch.entries()) {
          found.set(text, results[i])
        }
      }

      // bytes that are not a multihash were not asked for, and have no location
      const located = texts.map(text => found.get(text) ?? [])
      const error = located.find(one => one instanceof Error)

      if (error instanceof Error && located.every(one => one instanceof Error)) {
        throw error
      }

      return located
    }
  }
}

/** Asks the service for multihashes, as text. */
function createAsk (init: RemoteIndexInit): (texts: readonly string[], options: SourceOptions) => Promise<RemoteAnswer> {
  const { maxLocations = DEFAULTS.maxLocations } = init
  const { url, headers } = readEndpoint(init)
  const client = createHttpClient(init)

  return async (texts, { session, signal }) => {
    const get = texts.length === 1 && session == null
    const what = `locate ${texts.length === 1 ? texts[0] : `${texts.length} blocks`}`
    const request = get
      ? { target: new URL(texts[0], url), init: { headers } }
      : { target: url, init: { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ multihashes: texts, session }) } }

    return client({
      kind: 'fetch',
      what,
      signal,
      request: options => new Request(request.target, { ...request.init, ...options }),
      async handle ({ response, signal, progress }) {
        const text = await readText(response.body, { length: MAX_ANSWER, signal, progress })

        if (response.status !== 200) {
          throw statusError(what, response, text.slice(0, 200))
        }

        return decodeAnswer(text, texts.length, maxLocations)
      }
    })
  }
}
