import { StoreRefusedError } from '../errors.ts'
import { checkName, checkRead, nothing } from '../stores/request.ts'
import { discard } from './body.ts'
import { infoOf, parseContentRange, rangeHeaders, readPart, etagOf } from './object.ts'
import type { Attempt, HttpClient } from './client.ts'
import type { ObjectInfo, ObjectPart, ObjectStore, ReadOptions } from '../object-store.ts'

/** Makes requests to one kind of server, and interprets its refusals. */
export interface ObjectServer {
  request (object: string, init: { method: 'GET' | 'HEAD', headers: Record<string, string>, signal: AbortSignal, redirect: 'manual' }): Request | Promise<Request>
  /**
   * Interprets a status other than 2xx, 412 and 416: the object is `absent`, access is
   * `forbidden` (which may mean absent), or an error. Reads or cancels the body.
   */
  failure (what: string, attempt: Attempt): Promise<'absent' | 'forbidden' | Error>
  /** Whether HEAD tells as much as GET. It does not if the server explains refusals in the body. */
  readonly head: boolean
}

interface HttpObjectsInit {
  readonly client: HttpClient
  readonly server: ObjectServer
  readonly maxRead: number
  readonly forbidden: ForbiddenOptions
}

/** How to interpret 403, which some servers answer for missing objects. */
export interface ForbiddenOptions {
  /**
   * Treats 403 as "the object does not exist", which is a bucket's answer to callers
   * that may not list it. Off by default: a revoked key gets the same answer, so all
   * objects would seem to be missing. With this option a 403 counts as absence only if
   * an object that was readable before (or `knownObject`) is still readable, which costs
   * a read of one byte for each miss; otherwise it is a {@link StoreRefusedError}. It is
   * better to allow listing the bucket. See `probeMissing`.
   */
  readonly forbiddenMeansAbsent?: boolean
  /** The name of an existing object, for this check before any other object was read. */
  readonly knownObject?: string
}

/** A store of objects over HTTP that can find out how its server answers for missing objects. */
export interface HttpObjectStore extends ObjectStore {
  /**
   * Asks for an object with a random name. `absent`: the server distinguishes missing
   * from forbidden objects; `forbidden`: it does not, so `forbiddenMeansAbsent` is needed
   * to recognise misses (unless the credentials are wrong, which looks the same).
   */
  probeMissing (options?: { readonly signal?: AbortSignal }): Promise<'absent' | 'forbidden'>
}

type Answer<T> = { readonly found: T } | 'absent' | StoreRefusedError

interface AskInit {
  readonly method: 'GET' | 'HEAD'
  readonly headers: Record<string, string>
  readonly signal?: AbortSignal
}

type Ask = <T>(kind: 'read' | 'stat', object: string, init: AskInit, handle: (attempt: Attempt) => Promise<T | undefined>) => Promise<Answer<T>>

/** The part of a store that S3 and plain web servers share. */
export function httpObjects ({ client, server, maxRead, forbidden }: HttpObjectsInit): HttpObjectStore {
  let readable = forbidden.knownObject
  const ask = createAsk(client, server, object => { readable = object })

  /** This shares no promise between calls: in a Worker a promise must not pass from one request's context to another's. */
  async function resultOf<T> (answer: Answer<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
    if (answer instanceof StoreRefusedError) {
      if (forbidden.forbiddenMeansAbsent === true && readable != null && await mayRead(readable, signal)) {
        return undefined
      }

      throw answer
    }

    return answer === 'absent' ? undefined : answer.found
  }

  async function mayRead (object: string, signal: AbortSignal | undefined): Promise<boolean> {
    const answer = await askForInfo(object, signal)

    return answer !== 'absent' && !(answer instanceof StoreRefusedError)
  }

  async function askForInfo (object: string, signal: AbortSignal | undefined): Promise<Answer<ObjectInfo>> {
    if (server.head) {
      return ask('stat', object, { method: 'HEAD', headers: { 'accept-encoding': 'identity' }, signal }, async ({ response }) => {
        return response.status === 200 ? infoOf(object, response.headers) : undefined
      })
    }

    return ask('stat', object, { method: 'GET', headers: rangeHeaders({ offset: 0, length: 1, ranged: true }, {}), signal }, async ({ response }) => firstByteInfo(object, response))
  }

  return {
    async read (object, options: ReadOptions = {}) {
      const range = checkRead(object, options, maxRead)

      if (range.length === 0) {
        return nothing()
      }

      const headers = rangeHeaders(range, options)
      const answer = await ask<ObjectPart>('read', object, { method: 'GET', headers, signal: options.signal }, async attempt => readPart(object, attempt, range, options, maxRead))

      return resultOf(answer, options.signal)
    },

    async stat (object, { signal } = {}) {
      checkName(object)
      signal?.throwIfAborted()

      return resultOf(await askForInfo(object, signal), signal)
    },

    async probeMissing ({ signal } = {}) {
      const answer = await askForInfo(`kitsune-probe-${crypto.randomUUID()}`, signal)

      return answer instanceof StoreRefusedError ? 'forbidden' : 'absent'
    }
  }
}

/** Makes a request for an object, and reports an object that exists. */
function createAsk (client: HttpClient, server: ObjectServer, onReadable: (object: string) => void): Ask {
  return async <T>(kind: 'read' | 'stat', object: string, init: AskInit, handle: (attempt: Attempt) => Promise<T | undefined>): Promise<Answer<T>> => {
    const what = `${init.method} ${object}`

    return client<Answer<T>>({
      kind,
      what,
      signal: init.signal,
      request: async defaults => server.request(object, { ...init, ...defaults }),
      async handle (attempt) {
        const found = await handle(attempt)

        if (found !== undefined) {
          onReadable(object)

          return { found }
        }

        const failure = await server.failure(what, attempt)

        if (failure instanceof Error) {
          throw failure
        }

        return failure === 'absent' ? failure : new StoreRefusedError(`${what}: access is forbidden, or the object does not exist`, { status: 403 })
      }
    })
  }
}

async function firstByteInfo (object: string, response: Response): Promise<ObjectInfo | undefined> {
  const { status, headers, body } = response

  if (status === 416) {
    await discard(body)

    return { size: 0, etag: etagOf(headers) }
  }

  if (status !== 200 && status !== 206) {
    return undefined
  }

  await discard(body)
  const size = status === 206 ? parseContentRange(headers)?.size : infoOf(object, headers).size

  if (size == null) {
    throw new StoreRefusedError(`${object}: the server does not state its size`)
  }

  return { size, etag: etagOf(headers) }
}
