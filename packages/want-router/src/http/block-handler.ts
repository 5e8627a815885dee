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
import { methodResponse, optionsResponse } from './responses.ts'
import type { RequestInfo } from './remote-address.ts'
import type { CreateResponse, Serving } from './serving.ts'
import type { RouterStatus } from '../router-status.ts'
import type { WantRouter } from '../want-router.ts'

/** What answers a request. It rejects for none. */
export type Handler = (request: Request, info?: RequestInfo) => Promise<Response>

/** What of a router the blocks come from. */
export type BlockRouter = Pick<WantRouter, 'client' | 'ready' | 'rememberHaves'> & {
  status (): Pick<RouterStatus, 'policies'>
}

/** Options of {@link blockHandler}. */
export interface BlockHandlerOptions {
  /** How long a GET waits for its first byte, ms; then it is 503. Default 4,500: boxo gives a request 5 s. */
  readonly getWithin?: number
  /** How long a HEAD waits until a member has said whether it has the block, ms; then it is 503. Default 1,000. */
  readonly headWithin?: number
  /** How long a further block of a CAR may take, ms; then the CAR is broken off. Default 30,000. */
  readonly blockWithin?: number
  /** CIDs and links that all CARs together remember while they are sent. One that is alone may have half of it. Default 1,048,576, some 100 MB. */
  readonly carMemory?: number
  /** The status of what a policy answers with `absent`: denied. Default 451. */
  readonly deniedStatus?: 451 | 410
  /** When a client may come back that was answered with 429 or 503, s. Default 1. */
  readonly retryAfter?: number
  /**
   * Proxies in front, as addresses or networks such as `10.0.0.0/8`: `X-Forwarded-For` counts from these. Default: none,
   * so that each address that connects is a client.
   */
  readonly trustedProxies?: readonly string[]
  /** Makes the answer that has a block. Default: a Response; a server may have one that costs less, as that of `@kitsune/host/http` does. */
  readonly createResponse?: CreateResponse
  /**
   * Whether the server breaks a request off, without a status, that is answered by `Response.error()`, as that of `@kitsune/host/http` does.
   * If not, boxo is told 503 while no member is up, as others are. Default: false in workerd, which makes a 500 of it, and true elsewhere.
   */
  readonly breaksOff?: boolean
}

const IN_WORKERD = globalThis.navigator?.userAgent === 'Cloudflare-Workers'

/**
 * A trustless gateway over a router: blocks (`/ipfs/<cid>?format=raw`) and CARs (`/ipfs/<cid>/<path>?format=car`) for
 * everything that speaks HTTP.
 *
 * Each remote address is one client of the router, with its share and its limits: an IPv4 address, or the /64 of an
 * IPv6 address. What is not there for certain is 404, what a policy denies is 451, and what it keeps silent about is 429.
 * What cannot be told in time, or decided, is 503 with `Retry-After`, as is everything while no member is up. To boxo, which asks nothing
 * more of a server that says so, what cannot be told is 404: not found now, and not to be kept. But while no member is up a request of boxo
 * is answered by `Response.error()`, which a server breaks off without a status, so that boxo starts over, unless the server cannot do that.
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
   * boxo asks nothing any more of a server that has said 503 once, for as long as it is connected, and so is not served when a member is
   * back. What cannot be told is "not found now" to it. While no member is up, one that takes this for a DONT_HAVE would not ask
   * again: its requests break off, so that boxo drops the server at once, searches for providers, and starts over.
   */
  function failure (request: Request, err: unknown): Response {
    const isUnknownToBoxo = (err instanceof UnknownError || err instanceof NotReadyError) && isPeer(request)

    if (isUnknownToBoxo && !router.ready && breaksOff) {
      return Response.error()
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
