import { base58btc } from 'multiformats/bases/base58'
import { DEFAULTS } from '../defaults.ts'
import { StoreRefusedError } from '../errors.ts'
import { readBody } from '../http/body.ts'
import { createHttpClient, statusError } from '../http/client.ts'
import { readEndpoint } from '../http/endpoint.ts'
import { readLocationClaims } from './claims-format.ts'
import { carparkPath } from './dynamo-index.ts'
import { locateEach } from './locate-each.ts'
import { parseMultihash } from './multihash.ts'
import { SharedReads } from './shared-reads.ts'
import type { LocationClaim } from './claims-format.ts'
import type { BlockIndex, Location } from '../block-index.ts'
import type { HttpOptions } from '../http/client.ts'
import type { EndpointInit } from '@kitsune/kubo-rpc'

/** Options of {@link claimsIndex}. */
export interface ClaimsIndexInit extends HttpOptions, EndpointInit {
  /**
   * The name of an object, by a URL of a claim; undefined if it has none in the
   * store of the source. The URL itself is never requested. Default: {@link carparkPath}
   */
  carPath? (url: string): string | undefined
  /** Whether every block has a claim, so that a miss is certain. Default false */
  readonly complete?: boolean
  /** How many multihashes are looked up at a time. Default 6 */
  readonly concurrency?: number
  /** The most locations of a block. Default 10 */
  readonly maxLocations?: number
  /** The current time, in ms, which decides whether a claim has expired. Default `Date.now` */
  now? (): number
}

/** The most that an answer may have, in bytes. */
const MAX_ANSWER = 4 << 20

/** No claim is about a longer multihash: it would not fit into a URL. */
const MAX_MULTIHASH = 1_024

/**
 * Looks up blocks in Storacha's content claims, a service that says where the bytes with a
 * multihash are. It uses only claims of a location. A lookup is one request.
 *
 * Claims that have expired are left out. A claim that does not say how long a block
 * is, or whose URLs have no name in the store, is an error unless another one does.
 *
 * @throws {InvalidOptionError} if an option is invalid
 */
export function claimsIndex (init: ClaimsIndexInit): BlockIndex {
  const { carPath = carparkPath, complete = false, concurrency = DEFAULTS.indexReads, maxLocations = DEFAULTS.maxLocations, now = Date.now } = init
  const ask = createAsk(init)

  async function locate (multihash: Uint8Array, signal?: AbortSignal): Promise<Location[]> {
    if (multihash.byteLength > MAX_MULTIHASH || parseMultihash(multihash) == null) {
      return []
    }

    const key = base58btc.encode(multihash)
    const claims = await ask(key, signal)
    const valid = claims.filter(({ multihash: of, expiration }) => base58btc.encode(of) === key && expiration * 1_000 > now())
    const locations = valid.flatMap(claim => locationsOf(claim, carPath))

    if (locations.length === 0 && valid.length > 0) {
      throw new StoreRefusedError(`${key} is claimed to be at ${valid[0].urls[0] ?? 'no URL'}, which has no name in the store or no length`)
    }

    return locations.slice(0, maxLocations)
  }

  return {
    complete,
    locate: async (multihashes, options = {}) => {
      return locateEach(multihashes, { concurrency, lookupReads: () => new SharedReads() }, options, async (multihash, { signal }) => locate(multihash, signal))
    }
  }
}

/** Asks the service for the claims of a multihash in base58btc. */
function createAsk (init: ClaimsIndexInit): (key: string, signal?: AbortSignal) => Promise<LocationClaim[]> {
  const { url, headers } = readEndpoint(init)
  const client = createHttpClient(init)

  return async (key, signal) => {
    const what = `claims of ${key}`

    const answer = await client({
      kind: 'fetch',
      what,
      signal,
      request: options => new Request(new URL(`claims/multihash/${key}`, url), { headers, ...options }),
      async handle ({ response, signal, progress }) {
        const { bytes } = await readBody(response.body, { max: MAX_ANSWER, signal, progress })

        if (response.status !== 200) {
          throw statusError(what, response)
        }

        return bytes
      }
    })

    return readLocationClaims(answer, signal)
  }
}

function locationsOf ({ urls, offset, length }: LocationClaim, carPath: (url: string) => string | undefined): Location[] {
  const objects = urls.map(carPath).filter(object => object != null)

  return length == null ? [] : [...new Set(objects)].map(object => ({ object, offset, length, at: 'block' }))
}
