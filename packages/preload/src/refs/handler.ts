import { createTrustedProxies } from '@kitsune/want-router/http'
import { DEFAULT_PRELOAD_LIMITS } from '../defaults.ts'
import { BudgetError, NoMemberError, NoProgressError, RefsQueryError, TooManyRequestsError } from '../errors.ts'
import { platformTimers } from '../timers.ts'
import { acceptsGzip, failureResponse, listResponse, preflight } from './http.ts'
import { parseRefsQuery } from './query.ts'
import { createSlots } from './slots.ts'
import { createTraversals } from './traversals.ts'
import { waitForPeers } from './wait-for-peers.ts'
import type { ConnectedPeers } from '../clients/connected-peers.ts'
import type { PreloadLimits } from '../defaults.ts'
import type { CreateGzip } from './http.ts'
import type { RefsMember } from './member.ts'
import type { ReadBlock } from './missing-links.ts'
import type { RefsQuery } from './query.ts'
import type { TraversalReader } from './traversal.ts'
import type { Gate } from '../gate/gate.ts'
import type { Timers } from '../timers.ts'
import type { CID } from 'multiformats/cid'

export interface RefsHandlerInit {
  /** The members that may be asked for a root, best first. */
  members (root: CID): readonly RefsMember[]
  readonly peers: ConnectedPeers
  /** Has a connected client asked for what members want, until the result is called. */
  register (peer: string): () => void
  /** Its policy is one of the reverse direction. */
  readonly gate: Gate
  /** Reads a block that some member holds, such as a client of the router does. */
  readonly read: ReadBlock
  /** Proxies whose `X-Forwarded-For` is believed: addresses and networks. Default: none. */
  readonly trustedProxies?: readonly string[]
  readonly limits?: Partial<PreloadLimits>
  /** Compresses an answer, if asked. Default: the platform's CompressionStream, which keeps lines back until there are many. */
  readonly gzip?: CreateGzip
  /** Told of each request that has ended. */
  onEnd? (end: RefsEnd): void
  /** Default: the platform's. */
  readonly timers?: Timers
}

/** How a request ended. */
export interface RefsEnd {
  readonly roots: readonly string[]
  /** Where it came from. */
  readonly address: string
  /** Peers that were asked for the blocks. */
  readonly peers: readonly string[]
  /** `complete`: the member has all of it; `refused`: too many requests; `left`: the client has gone; `failed`: with `error`. */
  readonly outcome: 'complete' | 'refused' | 'left' | 'failed'
  readonly error?: string
  /** The member that was asked last. */
  readonly member?: string
  /** What clients have sent meanwhile for the traversal, which several requests may share. */
  readonly blocks: number
  readonly bytes: number
  readonly ms: number
}

export interface RefsStatus {
  readonly running: number
  readonly queued: number
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
 * member has all of it; anything else is an error status, or a body that breaks off.
 *
 * @throws {InvalidOptionError} for a trusted proxy that is no network
 */
export function refsHandler (init: RefsHandlerInit): RefsHandler {
  const limits = { ...DEFAULT_PRELOAD_LIMITS, ...init.limits }
  const { peers, register, gzip = () => new CompressionStream('gzip'), timers = platformTimers } = init
  const proxies = createTrustedProxies(init.trustedProxies)
  const slots = createSlots(limits)
  const traversals = createTraversals({ ...init, limits, timers })
  const open = new Set<object>()
  let drained: PromiseWithResolvers<void> | undefined

  async function handle (request: Request, { address: connection }: { readonly address: string }): Promise<Response> {
    const url = new URL(request.url)
    if (url.pathname !== '/api/v0/refs') {
      return failureResponse(404, 'there is only /api/v0/refs here')
    }
    if (request.method === 'OPTIONS') {
      return preflight()
    }
    if (request.method !== 'POST') {
      return failureResponse(405, 'only POST', { allow: 'POST, OPTIONS' })
    }
    if (drained != null) {
      return failureResponse(503, 'this node is about to stop: try another one', { 'retry-after': '10' })
    }
    const address = proxies.clientAddress(connection, request.headers.get('x-forwarded-for'))
    const started = timers.now()
    let query: RefsQuery
    try {
      query = parseRefsQuery(url.searchParams)
    } catch (err) {
      return errorResponse(err)
    }
    const asked = new Set<string>()
    const progress: RequestProgress = { asked, reader: undefined }
    open.add(progress)
    const end = once((err?: unknown) => {
      open.delete(progress)
      if (open.size === 0) {
        drained?.resolve()
      }
      const { received: { blocks, bytes } = { blocks: 0, bytes: 0 }, member } = progress.reader ?? {}
      init.onEnd?.({
        roots: query.roots.map(({ cid }) => cid.toString()),
        address,
        peers: [...asked],
        ...outcomeOf(err, request.signal),
        member,
        blocks,
        bytes,
        ms: timers.now() - started
      })
    })
    try {
      return await serve(request, query, address, progress, end)
    } catch (err) {
      end(err)
      return errorResponse(err)
    }
  }

  async function serve (request: Request, query: RefsQuery, address: string, progress: RequestProgress, end: (err?: unknown) => void): Promise<Response> {
    const { signal } = request
    const release = await slots.take(address, signal)
    const done: Array<() => void> = [release]
    const leave = once((err?: unknown) => {
      signal.removeEventListener('abort', onAbort)
      done.splice(0).reverse().forEach(undo => { undo() })
      end(err)
    })
    const onAbort = (): void => { leave(signal.reason) }
    signal.addEventListener('abort', onAbort)

    try {
      const who = { peer: query.peer, address }
      await waitForPeers(peers, who, { ms: limits.clientWait, timers, signal })
      const reader = traversals.join(query)
      progress.reader = reader
      done.push(reader.leave)
      ask(reader, who, progress.asked, done)
      reader.start()
      await aborted(reader.begun, signal)
      return listResponse(reader.lines, acceptsGzip(request.headers.get('accept-encoding')) ? gzip : undefined, leave)
    } catch (err) {
      leave(err)
      throw err
    }
  }

  /** Has those peers asked that are connected now, or later. */
  function ask (reader: TraversalReader, who: { readonly peer: string | undefined, readonly address: string }, asked: Set<string>, done: Array<() => void>): void {
    const review = (): void => {
      for (const peer of peers.find(who)) {
        if (!asked.has(peer)) {
          asked.add(peer)
          reader.add(peer)
          done.push(register(peer))
        }
      }
    }
    review()
    done.push(peers.onConnect(review))
  }

  return Object.assign(handle, {
    status: (): RefsStatus => ({ running: slots.running, queued: slots.queued }),

    async drain (signal?: AbortSignal) {
      drained ??= Promise.withResolvers()
      if (open.size === 0 || signal?.aborted === true) {
        return
      }
      const over = Promise.withResolvers<void>()
      signal?.addEventListener('abort', () => { over.resolve() }, { once: true })
      await Promise.race([drained.promise, over.promise])
    }
  })
}

/** What a request has come to. */
interface RequestProgress {
  readonly asked: Set<string>
  reader: TraversalReader | undefined
}

function errorResponse (err: unknown): Response {
  const message = err instanceof Error ? err.message : String(err)
  if (err instanceof RefsQueryError) {
    return failureResponse(400, message)
  }
  if (err instanceof TooManyRequestsError) {
    return failureResponse(429, message, { 'retry-after': '10' })
  }
  if (err instanceof NoMemberError) {
    return failureResponse(503, message, { 'retry-after': '10' })
  }
  if (err instanceof BudgetError) {
    return failureResponse(413, message)
  }
  return err instanceof NoProgressError ? failureResponse(504, message) : failureResponse(502, message)
}

function outcomeOf (err: unknown, signal: AbortSignal): Pick<RefsEnd, 'outcome' | 'error'> {
  if (err == null) {
    return { outcome: 'complete' }
  }
  const error = err instanceof Error ? err.message : String(err)
  if (signal.aborted || (err instanceof Error && err.name === 'AbortError')) {
    return { outcome: 'left' }
  }
  return { outcome: err instanceof TooManyRequestsError ? 'refused' : 'failed', error }
}

/** As the promise, or rejects with the signal's reason once that aborts. */
async function aborted (promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise: end, reject } = Promise.withResolvers<never>()
  const abort = (): void => { reject(signal.reason) }
  signal.addEventListener('abort', abort)
  try {
    await Promise.race([promise, end])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function once (run: (err?: unknown) => void): (err?: unknown) => void {
  let ran = false
  return err => {
    if (!ran) {
      ran = true
      run(err)
    }
  }
}
