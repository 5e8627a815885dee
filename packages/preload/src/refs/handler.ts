import { createTrustedProxies } from '@kitsune/want-router/http'
import { DEFAULT_PRELOAD_LIMITS } from '../defaults.ts'
import { serveRemoteRequests } from '../registry/remote-requests.ts'
import { platformTimers } from '../timers.ts'
import { endOf } from './end.ts'
import { drainingResponse, errorResponse } from './error-response.ts'
import { createHourlyBytes } from './hourly-bytes.ts'
import { clientAcceptEncoding, failureResponse, preflight } from './http.ts'
import { DEFAULT_LATE_ERRORS } from './list-body.ts'
import { once } from './once.ts'
import { createOpenRequests } from './open-requests.ts'
import { parseRefsQuery } from './query.ts'
import { createService } from './serve.ts'
import type { ConnectedPeers } from '../clients/connected-peers.ts'
import type { PreloadLimits } from '../defaults.ts'
import type { RefsEnd, RequestProgress } from './end.ts'
import type { CreateGzip } from './http.ts'
import type { LateErrors } from './list-body.ts'
import type { RefsMember } from './member.ts'
import type { ReadBlock } from './missing-links.ts'
import type { RefsQuery } from './query.ts'
import type { Gate } from '../gate/gate.ts'
import type { Registry } from '../registry/registry.ts'
import type { RemoteEnd } from '../registry/remote-requests.ts'
import type { Timers } from '../timers.ts'
import type { CID } from 'multiformats/cid'

/** Options of the handler of refs. */
export interface RefsHandlerInit {
  /** The members that may be asked for a root, best first. */
  members (root: CID): readonly RefsMember[]
  readonly peers: ConnectedPeers
  /** Registers a connected client, which is then asked for the blocks that members want, until the result is called. */
  register (peer: string): () => void
  /** Its policy is one of the reverse direction. */
  readonly gate: Gate
  /** Reads a block that some member has, as a client of the router does. */
  readonly read: ReadBlock
  /** The open requests of other processes that serve the same clients. Default: there are none. */
  readonly registry?: Registry
  /** Proxies whose `X-Forwarded-For` is believed: addresses and networks. Default: none. */
  readonly trustedProxies?: readonly string[]
  readonly limits?: Partial<PreloadLimits>
  /** Compresses answers if clients ask for that and `lateErrors` is `break`. Default: the platform's CompressionStream, which holds lines back until there are many. */
  readonly gzip?: CreateGzip
  /** Default: `report` in workerd, which ends a body cleanly whose stream fails, else `break`. */
  readonly lateErrors?: LateErrors
  /** Called for each request that has ended. */
  onEnd? (end: RefsEnd): void
  /** Called for each request of another process that has ended, if clients that are connected here were asked for it. */
  onRemoteEnd? (end: RemoteEnd): void
  /** Default: the platform's. */
  readonly timers?: Timers
}

/** The state of the handler of refs. */
export interface RefsStatus {
  readonly running: number
  readonly queued: number
  /** Requests of other processes whose clients are connected here. */
  readonly remote: number
}

/** Answers requests for `/api/v0/refs`. */
export interface RefsHandler {
  /** `address`: of the connection on which the request came. */
  (request: Request, from: { readonly address: string }): Promise<Response>
  status (): RefsStatus
  /** Refuses new requests with 503, and resolves when the others have ended or the signal aborts. */
  drain (signal?: AbortSignal): Promise<void>
}

/**
 * Serves `/api/v0/refs` of kubo's RPC: a member lists, and so fetches, a DAG, whose
 * blocks come from the client that asks. 200 and a clean end of the body say that the
 * member has all of it; anything else is an error status, or a body that tells of an error (see {@link LateErrors}).
 *
 * @throws {InvalidOptionError} for a trusted proxy that is not a network
 */
export function refsHandler (init: RefsHandlerInit): RefsHandler {
  const { registry, gzip = () => new CompressionStream('gzip'), lateErrors = DEFAULT_LATE_ERRORS, timers = platformTimers } = init
  const limits = { ...DEFAULT_PRELOAD_LIMITS, ...init.limits }
  const proxies = createTrustedProxies(init.trustedProxies)
  const hourly = createHourlyBytes(limits, timers)
  const service = createService({ ...init, limits, gzip, lateErrors, timers, hourly })
  const requests = createOpenRequests()
  const remote = registry == null
    ? undefined
    : serveRemoteRequests({ ...init, registry, limits, timers, hourly, onServe: requests.add, onEnd: end => { init.onRemoteEnd?.(end) } })

  async function handle (request: Request, { address: connection }: { readonly address: string }): Promise<Response> {
    const url = new URL(request.url)
    const refused = refusal(request, url)

    if (refused != null) {
      return refused
    }

    if (requests.draining) {
      return drainingResponse()
    }

    try {
      return await serve(request, parseRefsQuery(url.searchParams), proxies.clientAddress(connection, request.headers.get('x-forwarded-for')))
    } catch (err) {
      return errorResponse(err)
    }
  }

  async function serve (request: Request, query: RefsQuery, address: string): Promise<Response> {
    const { signal } = request
    const started = timers.now()
    const progress: RequestProgress = { asked: new Set(), reader: undefined, shared: undefined }
    const close = requests.add()
    const end = once((err?: unknown) => {
      close()
      init.onEnd?.({
        roots: query.roots.map(({ cid }) => cid.toString()),
        address,
        ...endOf(progress, err, signal.aborted),
        ms: timers.now() - started
      })
    })

    try {
      return await service.serve({ query, address, signal, acceptEncoding: clientAcceptEncoding(request), progress, end })
    } catch (err) {
      end(err)
      throw err
    }
  }

  return Object.assign(handle, {
    status: (): RefsStatus => ({ running: service.running, queued: service.queued, remote: remote?.serving ?? 0 }),
    drain: requests.drain
  })
}

/** The answer to what asks for no refs. */
function refusal ({ method }: Request, { pathname }: URL): Response | undefined {
  if (pathname !== '/api/v0/refs') {
    return failureResponse(404, 'there is only /api/v0/refs here')
  }

  if (method === 'OPTIONS') {
    return preflight()
  }

  return method === 'POST' ? undefined : failureResponse(405, 'only POST', { allow: 'POST, OPTIONS' })
}
