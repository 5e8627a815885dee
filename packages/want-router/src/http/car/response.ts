import { CID } from 'multiformats/cid'
import { platformTimers } from '../../timers.ts'
import { matchesAny, matchesEtag } from '../conditions.ts'
import { expandAll, expandEntity, expandNone } from '../dag/expand.ts'
import { resolvePath } from '../dag/path.ts'
import { walk } from '../dag/walk.ts'
import { contentHeaders, notModified } from '../headers.ts'
import { checkReady, headSize } from '../serving.ts'
import { carEtag, carType, parseCarParams } from './params.ts'
import { carStream } from './stream.ts'
import type { CarParams } from './params.ts'
import type { LocalClient } from '../../local/local-client.ts'
import type { BlockRequest } from '../block-request.ts'
import type { DagBlock, GetBlock } from '../dag/block.ts'
import type { Expand } from '../dag/expand.ts'
import type { BrokenPath, ResolvedPath } from '../dag/path.ts'
import type { Serving } from '../serving.ts'

/** The root of a CAR without an entity: the blocks prove that the path leads nowhere. */
const NO_ENTITY = CID.parse('bafkqaaa')

/** Answers a request for a CAR. Rejects with the error of a want that decides the status. */
export async function carResponse (request: Request, asked: BlockRequest, serving: Serving, client: LocalClient): Promise<Response> {
  const params = parseCarParams(asked)
  const etag = carEtag(asked, params)
  const noneMatch = request.headers.get('if-none-match')

  if (matchesEtag(noneMatch, etag)) {
    return notModified(asked, etag)
  }

  checkReady(serving, asked.cid)
  const isHead = request.method === 'HEAD'
  const wants = openWants(request.signal, isHead ? serving.headWithin : serving.getWithin, serving.blockWithin, client)

  try {
    const resolved = await resolvePath(asked.cid, asked.path, wants.get)
    const roots = resolved.roots ?? [asked.cid]
    const headers = carHeaders(asked, params, etag, roots)

    if (matchesAny(noneMatch)) {
      wants.end()

      return notModified(asked, etag)
    }

    if (isHead) {
      resolved.roots == null || await headSize(serving, client, resolved.roots[resolved.roots.length - 1], request.signal, wants.left())
      wants.end()

      return new Response(null, { headers })
    }

    const body = await openBody(resolved, params, wants, serving)

    return new Response(body, { headers })
  } catch (err) {
    wants.end()
    throw err
  }
}

/** The wants of one request. */
interface Wants {
  readonly get: GetBlock
  /** How much time is left until the status has to be known, ms. */
  left (): number
  /** From now on a block may take longer: the status is known. */
  started (): void
  /** Cancels the wants that are left. */
  end (): void
}

/** Begins the wants of one request. All blocks that are needed to know the status may take `firstWithin` ms together. */
function openWants (request: AbortSignal, firstWithin: number, blockWithin: number, client: LocalClient): Wants {
  const controller = new AbortController()
  const { signal } = controller
  const { now } = platformTimers
  const firstBy = now() + firstWithin
  const left = (): number => Math.max(1, firstBy - now())
  let started = false
  const abort = (): void => { controller.abort(request.reason) }
  request.addEventListener('abort', abort)

  return {
    get: async cid => client.get(cid, { signal, within: started ? blockWithin : left() }),
    left,
    started () { started = true },

    end () {
      request.removeEventListener('abort', abort)
      controller.abort()
    }
  }
}

/** Begins a CAR. The first block of the entity decides the status, although those of the path are sent before it. */
async function openBody ({ proof, roots }: ResolvedPath | BrokenPath, params: CarParams, wants: Wants, { budget }: Serving): Promise<ReadableStream> {
  const cid = roots?.at(-1)
  const share = budget.share()

  const done = (): void => {
    share.end()
    wants.end()
  }

  try {
    const entity = cid == null ? empty() : walk({ root: { cid }, expand: expandOf(params), duplicates: params.duplicates, get: wants.get, share })
    const first = await entity.next()
    wants.started()

    return carStream([cid ?? NO_ENTITY], inOrder(proof, first, entity), done)
  } catch (err) {
    done()
    throw err
  }
}

async function * empty (): AsyncGenerator<DagBlock> {}

async function * inOrder (proof: readonly DagBlock[], first: IteratorResult<DagBlock>, rest: AsyncGenerator<DagBlock>): AsyncGenerator<DagBlock> {
  yield * proof

  if (first.done !== true) {
    yield first.value
    yield * rest
  }
}

function expandOf ({ scope, range }: CarParams): Expand {
  switch (scope) {
    case 'block':
      return expandNone
    case 'entity':
      return expandEntity(range)
    default:
      return expandAll
  }
}

function carHeaders (asked: BlockRequest, params: CarParams, etag: string, roots: readonly CID[]): Record<string, string> {
  const filename = [asked.cid, ...asked.path.slice(-1)].join('_')

  return contentHeaders(asked, { etag, type: carType(params), filename: `${filename}.car`, roots }, { 'accept-ranges': 'none' })
}
