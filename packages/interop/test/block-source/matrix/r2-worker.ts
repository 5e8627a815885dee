import { carSource, getMany, r2Store } from '@kitsune/block-source'
import { blake2b256 } from '@multiformats/blake2/blake2b'
import { CID } from 'multiformats/cid'
import { OPEN } from './open-index.ts'
import type { IndexTitle, Opening } from './open-index.ts'
import type { BlockSource, R2BucketLike } from '@kitsune/block-source'

/** The Worker's environment. */
interface Env {
  readonly BUCKET: R2BucketLike & { put (key: string, bytes: ReadableStream | string): Promise<unknown> }
}

/** A stream of workerd whose length is known. */
declare const FixedLengthStream: new (length: number) => TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>

/** Blocks to read in the Worker. */
export interface WorkerRead {
  readonly title: IndexTitle
  readonly opening: Opening
  readonly cids: readonly string[]
  readonly session?: string
}

/** Shared by all requests, as in a real Worker. */
const sources = new Map<string, BlockSource>()

function sourceOf ({ BUCKET: bucket }: Env, title: IndexTitle, opening: Opening): BlockSource {
  const store = r2Store({ bucket })
  const source = sources.get(title) ?? carSource({ store, index: OPEN[title](store, opening), hashers: [blake2b256] })
  sources.set(title, source)

  return source
}

export default {
  /** A PUT writes an object; a POST answers with the number, the length and the bytes of each block, or with -1 and no bytes if there is none. */
  async fetch (request: Request, env: Env): Promise<Response> {
    if (request.method === 'PUT') {
      const length = Number(request.headers.get('x-length'))
      // R2 must know it, and a request without bytes has no body
      const body = request.body?.pipeThrough(new FixedLengthStream(length)) ?? ''
      await env.BUCKET.put(decodeURIComponent(new URL(request.url).pathname.slice(1)), body)

      return new Response()
    }

    try {
      const { title, opening, cids: texts, session }: WorkerRead = await request.json()
      const cids = texts.map(text => CID.parse(text))
      const parts: Array<Uint8Array<ArrayBuffer>> = []

      for await (const { cid, bytes, error } of getMany(sourceOf(env, title, opening), cids, { session })) {
        if (error != null) {
          throw error
        }

        const head = new DataView(new ArrayBuffer(8))
        head.setUint32(0, cids.indexOf(cid))
        head.setInt32(4, bytes?.byteLength ?? -1)
        parts.push(new Uint8Array(head.buffer), new Uint8Array(bytes ?? []))
      }

      return new Response(new Blob(parts))
    } catch (err) {
      return new Response(err instanceof Error ? `${err.name}: ${err.message}\n${err.stack}` : String(err), { status: 500 })
    }
  }
}
