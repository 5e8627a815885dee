import { DEFAULTS } from '../defaults.ts'
import { readBody } from '../http/body.ts'
import { decodeMultihash, encodeAnswer, isObject, parseJson } from '../indexes/remote-format.ts'
import type { BlockIndex, Located } from '../block-index.ts'

/** The index of a service, and its limits. */
export interface IndexServiceInit {
  readonly index: BlockIndex
  /**
   * How long caches may keep the locations of a block, in ms. Reading from a location that is
   * out of date fails, and never returns another block. Default 60,000
   */
  readonly maxAge?: number
  /**
   * The same for a miss, which would hide a block that is added later: set it only if the index never changes. Default 0: caches do not keep misses
   */
  readonly maxMissAge?: number
  /** The most multihashes in one request. Default 1,000 */
  readonly maxBatch?: number
}

/** Answers a request; never rejects. */
export type IndexService = (request: Request) => Promise<Response>

/** The longest body that is read, in bytes: enough for 1,000 multihashes. */
const MAX_BODY = 512 * 1024

/**
 * Serves an index over HTTP to `remoteIndex`; `remote-format.ts` describes the protocol. The
 * service is a function from a `Request` to a `Response`, as Workers and frameworks of Node.js
 * have them; its path does not matter. The application decides who may use it. The service
 * trusts the session that a request states.
 */
export function indexService (init: IndexServiceInit): IndexService {
  const { index, maxAge = DEFAULTS.serviceAge, maxMissAge = 0, maxBatch = DEFAULTS.indexBatch } = init

  async function getOne (request: Request): Promise<Response> {
    const multihash = decodeMultihash(new URL(request.url).pathname.split('/').at(-1))

    if (multihash == null) {
      return refusal(400, 'the path does not end with a multihash in base64url')
    }

    const [located]: readonly Located[] = await index.locate([multihash], { signal: request.signal })

    if (located instanceof Error) {
      return unavailable(located)
    }

    const age = Math.floor((located.length > 0 ? maxAge : maxMissAge) / 1000)

    return answer([located], age > 0 ? `public, max-age=${age}` : 'no-store')
  }

  async function postMany (request: Request): Promise<Response> {
    // reading one byte more than allowed shows whether the body is too long
    const { bytes } = await readBody(request.body, { length: MAX_BODY + 1, max: MAX_BODY + 1, signal: request.signal })

    if (bytes.byteLength > MAX_BODY) {
      return refusal(413, `a body of more than ${MAX_BODY} bytes`)
    }

    const asked = parseJson(new TextDecoder().decode(bytes))

    if (!isObject(asked) || !Array.isArray(asked.multihashes) || !['undefined', 'string'].includes(typeof asked.session)) {
      return refusal(400, 'the body is not {"multihashes": […]}')
    }

    if (asked.multihashes.length > maxBatch) {
      return refusal(413, `${asked.multihashes.length} multihashes, where ${maxBatch} are allowed`)
    }

    const multihashes = asked.multihashes.map(decodeMultihash)

    if (multihashes.some(multihash => multihash == null)) {
      return refusal(400, `multihash ${multihashes.indexOf(undefined)} is not in base64url`)
    }

    const session = typeof asked.session === 'string' ? asked.session : undefined
    const known = multihashes.filter(multihash => multihash != null)

    return answer(await index.locate(known, { session, signal: request.signal }), 'no-store')
  }

  function answer (results: readonly Located[], cacheControl: string): Response {
    return new Response(encodeAnswer({ complete: index.complete, results }), {
      headers: { 'content-type': 'application/json', 'cache-control': cacheControl }
    })
  }

  return async request => {
    try {
      switch (request.method) {
        case 'GET': return await getOne(request)
        case 'POST': return await postMany(request)
        default: return refusal(405, 'GET or POST', { allow: 'GET, POST' })
      }
    } catch (err) {
      return unavailable(err)
    }
  }
}

function refusal (status: number, reason: string, headers: Record<string, string> = {}): Response {
  return new Response(`${reason}\n`, { status, headers: { ...headers, 'cache-control': 'no-store', 'content-type': 'text/plain; charset=utf-8' } })
}

/** The index has failed, which says nothing about the block. */
function unavailable (err: unknown): Response {
  return refusal(503, err instanceof Error ? err.message.slice(0, 300) : 'the index has failed', { 'retry-after': '1' })
}
