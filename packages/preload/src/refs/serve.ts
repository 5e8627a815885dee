/**
 * Serves one request: it waits for a place, for other processes to hear of it, and for
 * its client to connect here or there, joins a traversal, has the client's peers asked, and passes the lines on. Whatever ends it,
 * everything that it took is given back.
 */
import { networkOf } from '@kitsune/want-router/http'
import { askPeers } from './asked-peers.ts'
import { acceptsGzip, listResponse } from './http.ts'
import { once } from './once.ts'
import { gateDepth } from './query.ts'
import { createSlots } from './slots.ts'
import { toError } from './to-error.ts'
import { createTraversals } from './traversals.ts'
import { waitForPeers } from './wait-for-peers.ts'
import type { RequestProgress } from './end.ts'
import type { HourlyBytes } from './hourly-bytes.ts'
import type { CreateGzip } from './http.ts'
import type { LateErrors } from './list-body.ts'
import type { RefsQuery } from './query.ts'
import type { TraversalReader } from './traversal.ts'
import type { TraversalsInit } from './traversals.ts'
import type { ConnectedPeers, Requester } from '../clients/connected-peers.ts'
import type { RegisteredRequest, Registry } from '../registry/registry.ts'

interface ServiceInit extends TraversalsInit {
  readonly peers: ConnectedPeers
  register (peer: string): () => void
  readonly registry?: Registry
  readonly gzip: CreateGzip
  readonly lateErrors: LateErrors
  readonly hourly: HourlyBytes
}

/** A request that was understood. */
export interface RefsRequest {
  readonly query: RefsQuery
  /** Of the client. */
  readonly address: string
  readonly signal: AbortSignal
  readonly acceptEncoding: string | null
  readonly progress: RequestProgress
  /** Called once, with the error if there is one. */
  end (err?: unknown): void
}

interface Service {
  /** Requests that have a slot. */
  readonly running: number
  /** Requests that wait for a slot. */
  readonly queued: number
  /** Resolves when a member has begun to answer; rejects if that fails. */
  serve (request: RefsRequest): Promise<Response>
}

/** Creates the service behind the handler, without open requests. */
export function createService (init: ServiceInit): Service {
  const { peers, register, registry, limits, timers, gzip, lateErrors, hourly } = init
  const slots = createSlots(limits)
  const traversals = createTraversals(init)

  async function serve ({ query, address, signal, acceptEncoding, progress, end }: RefsRequest): Promise<Response> {
    const client = networkOf(address)
    const spent = hourly.spent(client)

    if (spent != null) {
      throw spent
    }

    const release = await slots.take(client, signal)
    const ending = new AbortController()
    const done: Array<(err?: Error) => void> = [release]
    const leave = once((err?: unknown) => {
      signal.removeEventListener('abort', onAbort)
      // an answer that ends early must not look complete
      const error = err == null ? undefined : toError(err)
      // before it leaves the traversal, which may end then
      ending.abort(error)
      done.splice(0).reverse().forEach(undo => { undo(error) })
      end(err)
    })
    const onAbort = (): void => { leave(signal.reason) }
    signal.addEventListener('abort', onAbort)

    try {
      const requester = { peer: query.peer, address }
      const shared = progress.shared = await share(registry, query, requester, signal)

      if (shared != null) {
        done.push(() => { shared.close() })
      }

      await waitForPeers({
        // if other processes cannot be reached, it continues: its client is asked once it is connected here
        found: () => peers.find(requester).length > 0 || (shared?.peers.length ?? 0) > 0 || shared?.error != null || registry?.status().connected === false,
        watch: listener => watchPeers(init, shared, listener),
        ms: limits.clientWait,
        timers,
        signal
      })

      if (shared?.error != null) {
        throw shared.error
      }

      const reader = traversals.join(query, {
        elsewhere: shared,

        onReceived (bytes) {
          const spent = hourly.add(client, bytes)

          if (spent != null) {
            leave(spent)
          }
        }
      })
      progress.reader = reader
      done.push(reader.leave)
      askPeers({ peers, requester, register, reader, asked: progress.asked, done })

      if (shared != null) {
        shared.onReport = follow(shared, reader)
      }

      reader.start()
      await aborted(reader.begun, ending.signal)

      return listResponse(reader.lines, { compressed: acceptsGzip(acceptEncoding), gzip, lateErrors, left: leave })
    } catch (err) {
      leave(err)
      throw err
    }
  }

  return {
    get running () { return slots.running },
    get queued () { return slots.queued },
    serve
  }
}

/** Tells the other processes of the request. */
async function share (registry: Registry | undefined, query: RefsQuery, requester: Requester, signal: AbortSignal): Promise<RegisteredRequest | undefined> {
  const shared = await registry?.open({ roots: query.roots.map(({ cid }) => cid), maxDepth: gateDepth(query), ...requester })

  if (signal.aborted) {
    shared?.close()
  }

  return shared
}

/** Calls when a peer may have connected, here or to another process, until the result is called. */
function watchPeers ({ peers, registry }: ServiceInit, shared: RegisteredRequest | undefined, listener: () => void): () => void {
  if (shared != null) {
    shared.onReport = listener
  }

  const stops = [peers.onConnect(listener), registry?.onChange(listener)]

  return () => { stops.forEach(stop => { stop?.() }) }
}

/** What a reader is told of clients that are connected to other processes. */
function follow (shared: RegisteredRequest, reader: TraversalReader): NonNullable<RegisteredRequest['onReport']> {
  let { blocks } = shared

  return error => {
    if (error != null) {
      reader.fail(error)
    } else if (shared.blocks > blocks) {
      blocks = shared.blocks
      reader.progress()
    }
  }
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
