import { base58btc } from 'multiformats/bases/base58'
import { parseCid } from '../parse-cid.ts'
import { sameBytes } from '../same-bytes.ts'
import { DEFAULT_DENIED_STATUS, DEFAULT_HEAD_WITHIN, DEFAULT_OUTAGE_WITHIN, DEFAULT_RETRY_AFTER } from './defaults.ts'
import { HttpRequestError } from './errors.ts'
import { failureResponse } from './failures.ts'
import { isPeer } from './peer-agent.ts'
import { createPeerRecord, filterRecord, isHttp } from './peer-record.ts'
import { createSearch } from './provider-search.ts'
import { clientNames } from './remote-address.ts'
import { commonHeaders, methodResponse, optionsResponse } from './responses.ts'
import type { BlockRouter, Handler } from './block-handler.ts'
import type { PeerRecord } from './peer-record.ts'
import type { LocalClient } from '../local/local-client.ts'

/** Options of {@link providersHandler}. */
export interface ProvidersHandlerOptions {
  /** The peer id in the records: that of the host whose clients the router serves. */
  readonly peerId: string
  /**
   * Its addresses: multiaddrs for bitswap, and multiaddrs that end in `/http` for {@link blockHandler},
   * such as `/dns4/example.com/tcp/443/tls/http`. A function is called for each request.
   */
  readonly addresses: readonly string[] | (() => readonly string[])
  /** How long a request waits until a member has said whether it has the block, ms. Default 1,000. */
  readonly within?: number
  /**
   * How long a request of boxo waits, and any request while no member is up, ms. If no member has answered by then, boxo
   * gets only the addresses for bitswap, to wait there. Default 7,000.
   */
  readonly outageWithin?: number
  /** Reverse proxies whose `X-Forwarded-For` is trusted, as for {@link blockHandler}. Default: none. */
  readonly trustedProxies?: readonly string[]
}

/** The kinds of records: the word in the path, and the one in the response. */
const LISTS = { providers: 'Providers', peers: 'Peers' } as const

const JSON_TYPE = 'application/json'
const NDJSON_TYPE = 'application/x-ndjson'

/**
 * How long caches may keep a record, s. The router remembers HAVEs for as long.
 */
const MAX_AGE = 60

/** What a request asks for. */
interface Asked {
  readonly list: keyof typeof LISTS
  /** The CID or the peer id. */
  readonly name: string
  readonly query: URLSearchParams
}

/** The record of this provider in one response. */
interface Named {
  readonly record: PeerRecord
  /** Whether caches may keep it. */
  readonly lasting: boolean
}

/**
 * Makes the handler of delegated routing (`/routing/v1/providers/<cid>` and `/routing/v1/peers/<id>`) that knows one
 * provider, this one. It is the provider of blocks that a member has; for other blocks, and if no member answers in time,
 * the list is empty, so that clients ask other routers.
 *
 * boxo searches again only after a minute, so its search waits longer for a member that is silent. While no member is up,
 * every search waits for one. If it is unknown even then whether a member has the block, boxo gets only the addresses for
 * bitswap: there its want waits until a member has answered, which HTTP cannot express.
 *
 * Each remote address is one client of the router, the same as for {@link blockHandler}.
 *
 * @param router - asks the members
 * @param options - this provider's id and addresses
 * @throws {InvalidOptionError} for a proxy that is neither an address nor a network
 */
export function providersHandler (router: Pick<BlockRouter, 'client' | 'ready'>, options: ProvidersHandlerOptions): Handler {
  const { peerId, addresses, within = DEFAULT_HEAD_WITHIN, outageWithin = DEFAULT_OUTAGE_WITHIN } = options
  const nameOf = clientNames(options.trustedProxies)
  const search = createSearch(router, { within, outageWithin })
  const self = peerDigest(peerId)

  /** The record of this provider; undefined: it is not a provider of what was asked for. */
  async function find (request: Request, { list, name }: Asked, client: LocalClient): Promise<Named | undefined> {
    const all = typeof addresses === 'function' ? addresses() : addresses

    if (list === 'peers') {
      return isSelf(name) ? { record: createPeerRecord(peerId, all), lasting: true } : undefined
    }

    const cid = parseCid(name)

    if (cid == null) {
      throw new HttpRequestError('The path has no valid CID')
    }

    const answer = await search(cid, client, request)

    if (answer === 'have') {
      return { record: createPeerRecord(peerId, all), lasting: true }
    }

    const bitswap = all.filter(address => !isHttp(address))

    if (answer === 'unknown' && bitswap.length > 0 && isPeer(request)) {
      return { record: createPeerRecord(peerId, bitswap), lasting: false }
    }
  }

  function isSelf (id: string): boolean {
    const digest = peerDigest(id)

    if (digest == null) {
      throw new HttpRequestError('The path has no valid peer id')
    }

    return self != null && sameBytes(digest, self)
  }

  return async (request, info) => {
    switch (request.method) {
      case 'GET':
      case 'HEAD':
        try {
          const asked = parsePath(request.url)
          const type = acceptedType(request.headers.get('accept'))
          const named = await find(request, asked, router.client(`http:${nameOf(request, info)}`))

          return recordsResponse(request, asked, type, named)
        } catch (err) {
          return failureResponse(request, err, { deniedStatus: DEFAULT_DENIED_STATUS, retryAfter: DEFAULT_RETRY_AFTER })
        }

      case 'OPTIONS':
        return optionsResponse()
      default:
        return methodResponse(request.method)
    }
  }
}

function parsePath (url: string): Asked {
  const { pathname, searchParams } = new URL(url)
  const [, list, name] = /^\/routing\/v1\/(providers|peers)\/([^/]+)$/.exec(pathname) ?? []

  if (name == null) {
    throw new HttpRequestError('Records are at /routing/v1/providers/<cid> and /routing/v1/peers/<peer id>', 404)
  }

  return { list: list as keyof typeof LISTS, name, query: searchParams }
}

/** Chooses the type as boxo does: NDJSON, with one record in each line, for every client that accepts it. */
function acceptedType (header: string | null): string {
  const types = (header ?? '').split(',').map(type => type.split(';')[0].trim().toLowerCase()).filter(type => type !== '')

  if (types.includes(NDJSON_TYPE)) {
    return NDJSON_TYPE
  }

  if (types.length > 0 && ![JSON_TYPE, 'application/*', '*/*'].some(type => types.includes(type))) {
    throw new HttpRequestError(`Records are ${JSON_TYPE} or ${NDJSON_TYPE}`, 406)
  }

  return JSON_TYPE
}

function recordsResponse ({ method }: Request, { list, query }: Asked, type: string, named: Named | undefined): Response {
  const record = named == null ? undefined : filterRecord(named.record, query)
  const records = record == null ? [] : [record]
  const body = type === NDJSON_TYPE ? records.map(record => `${JSON.stringify(record)}\n`).join('') : JSON.stringify({ [LISTS[list]]: records })

  return new Response(method === 'HEAD' ? null : body, {
    headers: commonHeaders({
      'content-type': type,
      vary: 'Accept',
      // a member may get the block at any moment
      'cache-control': record != null && named?.lasting === true ? `public, max-age=${MAX_AGE}` : 'no-store'
    })
  })
}

/** The multihash of a peer id, which is written in base58 or as a CID. */
function peerDigest (text: string): Uint8Array | undefined {
  const cid = parseCid(text)

  if (cid != null) {
    return cid.multihash.bytes
  }

  try {
    return text.length > 128 ? undefined : base58btc.decode(`z${text}`)
  } catch {
    // undefined
  }
}
