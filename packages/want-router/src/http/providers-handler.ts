import { base58btc } from 'multiformats/bases/base58'
import { parseCid } from '../parse-cid.ts'
import { sameBytes } from '../same-bytes.ts'
import { DEFAULT_DENIED_STATUS, DEFAULT_HEAD_WITHIN, DEFAULT_OUTAGE_WITHIN, DEFAULT_RETRY_AFTER } from './defaults.ts'
import { HttpRequestError } from './errors.ts'
import { failureResponse } from './failures.ts'
import { isPeer } from './peer-agent.ts'
import { createPeerRecord, filterRecord, isHttp } from './peer-record.ts'
import { clientNames } from './remote-address.ts'
import { commonHeaders, methodResponse, optionsResponse } from './responses.ts'
import type { BlockRouter, Handler } from './block-handler.ts'
import type { PeerRecord } from './peer-record.ts'
import type { HasAnswer, LocalClient } from '../local/local-client.ts'
import type { CID } from 'multiformats/cid'

/** Options of {@link providersHandler}. */
export interface ProvidersHandlerOptions {
  /** The peer id that records name: that of the host whose clients the router serves. */
  readonly peerId: string
  /**
   * Where it is found: multiaddrs for bitswap, and those that end in `/http` for {@link blockHandler}, as
   * `/dns4/example.com/tcp/443/tls/http`. A function is called for each request.
   */
  readonly addresses: readonly string[] | (() => readonly string[])
  /** How long a request waits until a member has said whether it has the block, ms. Default 1,000. */
  readonly within?: number
  /** How long it waits while no member is up, ms; then boxo is named the addresses for bitswap, to wait there. Default 7,000. */
  readonly outageWithin?: number
  /** Proxies in front whose `X-Forwarded-For` is believed, as those of {@link blockHandler}. Default: none. */
  readonly trustedProxies?: readonly string[]
}

/** What is asked for: the word in the path, and in the answer. */
const LISTS = { providers: 'Providers', peers: 'Peers' } as const

const JSON_TYPE = 'application/json'
const NDJSON_TYPE = 'application/x-ndjson'

/**
 * How long others may keep a record, s. For as long the HAVE of a member is relied on here.
 */
const MAX_AGE = 60

/** Searches that wait for the end of an outage at a time: each takes a place of its client at the server. */
const MAX_OUTLASTING = 32

/** What a request asks for. */
interface Asked {
  readonly list: keyof typeof LISTS
  /** The CID or the peer id. */
  readonly name: string
  readonly query: URLSearchParams
}

/** This provider as it is named in one answer. */
interface Named {
  readonly record: PeerRecord
  /** Whether others may keep it. */
  readonly lasting: boolean
}

/**
 * Delegated routing (`/routing/v1/providers/<cid>` and `/routing/v1/peers/<id>`) that knows one provider, this one. It is
 * named for what a member has: what no member has said in time that it has gets an empty list, so that clients ask others.
 *
 * While no member is up nothing is known. A search waits for one; then boxo is named the addresses for bitswap alone. There a want waits
 * in silence until a member is back, which HTTP cannot express, and boxo would search again only after a minute.
 *
 * Each remote address is one client of the router, and the same one as that of {@link blockHandler}.
 *
 * @param router - knows the members
 * @param options - where this provider is found
 * @throws {InvalidOptionError} for a proxy that is neither an address nor a network
 */
export function providersHandler (router: Pick<BlockRouter, 'client' | 'ready'>, options: ProvidersHandlerOptions): Handler {
  const { peerId, addresses, within = DEFAULT_HEAD_WITHIN, outageWithin = DEFAULT_OUTAGE_WITHIN } = options
  const nameOf = clientNames(options.trustedProxies)
  const self = peerDigest(peerId)
  let outlasting = 0

  /** As what this provider is named, if it is. */
  async function find (request: Request, { list, name }: Asked, client: LocalClient): Promise<Named | undefined> {
    const all = typeof addresses === 'function' ? addresses() : addresses

    if (list === 'peers') {
      return isSelf(name) ? { record: createPeerRecord(peerId, all), lasting: true } : undefined
    }

    const cid = parseCid(name)

    if (cid == null) {
      throw new HttpRequestError('The path has no valid CID')
    }

    const answer = await search(cid, client, request.signal)

    if (answer === 'have') {
      return { record: createPeerRecord(peerId, all), lasting: true }
    }

    const bitswap = all.filter(address => !isHttp(address))

    if (answer === 'unknown' && !router.ready && bitswap.length > 0 && isPeer(request)) {
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

  /** Asks the members, and once more if all have gone meanwhile, or one has come back without an answer. */
  async function search (cid: CID, client: LocalClient, signal: AbortSignal): Promise<HasAnswer> {
    const { ready } = router
    const ask = async (): Promise<HasAnswer> => router.ready ? client.has(cid, { signal, within }) : outlast(cid, client, signal)
    const answer = await ask()

    return answer === 'unknown' && router.ready !== ready ? ask() : answer
  }

  /** Waits until a member is back and has answered. */
  async function outlast (cid: CID, client: LocalClient, signal: AbortSignal): Promise<HasAnswer> {
    outlasting++

    try {
      return await client.has(cid, { signal, within: outlasting > MAX_OUTLASTING ? within : outageWithin })
    } finally {
      outlasting--
    }
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

/** As boxo chooses: a record a line for everything that can read it. */
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
