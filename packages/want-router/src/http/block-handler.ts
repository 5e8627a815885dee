import { NotFoundError, UnknownError } from '../errors.ts'
import { parseBlockRequest } from './block-request.ts'
import { carResponse } from './car/response.ts'
import { createBudget } from './dag/budget.ts'
import { DEFAULT_BLOCK_WITHIN, DEFAULT_CAR_MEMORY, DEFAULT_DENIED_STATUS, DEFAULT_GET_WITHIN, DEFAULT_HEAD_WITHIN, DEFAULT_RETRY_AFTER } from './defaults.ts'
import { NotReadyError } from './errors.ts'
import { failureResponse } from './failures.ts'
import { isPeer } from './peer-agent.ts'
import { rawResponse } from './raw-response.ts'
import { clientNames } from './remote-address.ts'
import { brokenResponse, methodResponse, optionsResponse } from './responses.ts'
import type { RequestInfo } from './remote-address.ts'
import type { CreateResponse, Serving } from './serving.ts'
import type { RouterStatus } from '../router-status.ts'
import type { WantRouter } from '../want-router.ts'

/** Answers a request. It never rejects. */
export type Handler = (request: Request, info?: RequestInfo) => Promise<Response>

/** What the handlers need of a router. */
export type BlockRouter = Pick<WantRouter, 'client' | 'ready' | 'rememberHaves'> & {
  status (): Pick<RouterStatus, 'policies'>
}

/** Options of {@link blockHandler}. */
export interface BlockHandlerOptions {
  /** How long a GET waits for its first byte, ms; then the status is 503. Default 4,500: boxo waits 10 s for headers. */
  readonly getWithin?: number
  /** How long a HEAD waits until a member has said whether it has the block, ms; then the status is 503. Default 1,000. */
  readonly headWithin?: number
  /** How long each further block of a CAR may take, ms; then the handler breaks the CAR off. Default 30,000. */
  readonly blockWithin?: number
  /** How many CIDs and links are kept for all CARs that are being sent. A single CAR may use half of them. Default 1,048,576, some 100 MB. */
  readonly carMemory?: number
  /** The status for blocks that a policy denies with `absent`. Default 451. */
  readonly deniedStatus?: 451 | 410
  /** After what time a client may retry after a 429 or 503, s. Default 1. */
  readonly retryAfter?: number
  /**
   * Reverse proxies, as addresses or networks such as `10.0.0.0/8`, whose `X-Forwarded-For` is trusted. Default: none,
   * so that each address that connects is a client.
   */
  readonly trustedProxies?: readonly string[]
  /** Makes a response with a block. Default: a `Response`; a server may have one that costs less, as that of `@kitsune/host/http` does. */
  readonly createResponse?: CreateResponse
  /**
   * Whether the server breaks off a request without a status if the response is `Response.error()`, as that of
   * `@kitsune/host/http` does. If not, boxo gets 503 while no member is up, as other clients do, and for a GET without an
   * answer in time the headers of a block whose body fails. Default: false in workerd, which turns it into a 500, and true
   * elsewhere.
   */
  readonly breaksOff?: boolean
}

const IN_WORKERD = globalThis.navigator?.userAgent === 'Cloudflare-Workers'

/**
 * Makes the handler of a trustless gateway over a router: it serves blocks (`/ipfs/<cid>?format=raw`) and CARs
 * (`/ipfs/<cid>/<path>?format=car`) over HTTP.
 *
 * Each remote address is one client of the router, with its own share and limits: an IPv4 address, or the /64 of an IPv6
 * address. The status is 404 if every member is certain not to have the block, 451 if a policy denies it, and 429 if a
 * policy is silent about it. It is 503 with `Retry-After` if no answer came in time, if a policy cannot decide, and while no
 * member is up. boxo asks a server that has answered 503 for nothing more, so a HEAD of it gets an uncacheable 404 instead
 * if no answer came in time. A GET of boxo then gets `Response.error()`, as all of its requests do while no member is up: the
 * server turns that into a request that breaks off without a status, so that boxo tries again. If the server cannot do
 * that, such a GET breaks off after its headers, and boxo gets 503 while no member is up.
 *
 * @throws {InvalidOptionError} for a proxy that is neither an address nor a network
 */
export function blockHandler (router: BlockRouter, options: BlockHandlerOptions = {}): Handler {
  const {
    getWithin = DEFAULT_GET_WITHIN,
    headWithin = DEFAULT_HEAD_WITHIN,
    blockWithin = DEFAULT_BLOCK_WITHIN,
    carMemory = DEFAULT_CAR_MEMORY,
    deniedStatus = DEFAULT_DENIED_STATUS,
    retryAfter = DEFAULT_RETRY_AFTER,
    createResponse = (bytes, init) => new Response(bytes, init),
    breaksOff = !IN_WORKERD
  } = options
  const nameOf = clientNames(options.trustedProxies)

  const serving: Serving = {
    router,
    haves: router.rememberHaves(),
    governed: router.status().policies.length > 0,
    getWithin,
    headWithin,
    blockWithin,
    createResponse,
    budget: createBudget(carMemory)
  }

  async function respond (request: Request, info?: RequestInfo): Promise<Response> {
    const asked = parseBlockRequest(request)
    const client = router.client(`http:${nameOf(request, info)}`)

    return asked.format === 'raw' ? rawResponse(request, asked, serving, client) : carResponse(request, asked, serving, client)
  }

  /**
   * After one 503, boxo asks the server for nothing more as long as it is connected. A 404 is a DONT_HAVE: after that of a
   * HEAD it still sends a GET once a search has found the block, but it sends no second GET, and its session waits for ever
   * for a block of a member that was silent for a few seconds. A request that breaks off without a status is tried again;
   * after three of them, or one that breaks off after its headers, boxo drops the server, searches for providers, and starts
   * over. After a 500 it does so, too, but asks a server that it finds again within a second for nothing.
   */
  function failure (request: Request, err: unknown): Response {
    const isUnknownToBoxo = (err instanceof UnknownError || err instanceof NotReadyError) && isPeer(request)

    if (isUnknownToBoxo && breaksOff && (request.method === 'GET' || !router.ready)) {
      return Response.error()
    }

    if (isUnknownToBoxo && router.ready && request.method === 'GET') {
      return brokenResponse(err)
    }

    return failureResponse(request, isUnknownToBoxo && router.ready ? new NotFoundError(err.message) : err, { deniedStatus, retryAfter })
  }

  return async (request, info) => {
    switch (request.method) {
      case 'GET':
      case 'HEAD':
        try {
          return await respond(request, info)
        } catch (err) {
          return failure(request, err)
        }

      case 'OPTIONS':
        return optionsResponse()
      default:
        return methodResponse(request.method)
    }
  }
}
