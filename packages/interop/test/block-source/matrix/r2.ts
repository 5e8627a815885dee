import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import type { Backend } from './backend.ts'
import type { WorkerRead } from './r2-worker.ts'
import type { BlockSource, GetManyResult } from '@kitsune/block-source'
import type { CID } from 'multiformats/cid'

/** How many blocks a Worker is asked for in one request. */
const BATCH = 128

/** R2 in workerd, whose objects are read in a Worker, as in production. */
export async function startR2 (): Promise<Backend> {
  const { outputFiles: [{ text: script }] } = await build({
    entryPoints: [fileURLToPath(new URL('r2-worker.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser', 'import'],
    target: 'es2024',
    write: false,
    logLevel: 'silent'
  })
  const worker = new Miniflare({ modules: true, script, compatibilityDate: '2026-04-01', r2Buckets: ['BUCKET'] })

  async function send (path: string, init: { method: string, body: Uint8Array | string, headers?: Record<string, string> }): Promise<Buffer> {
    const response = await worker.dispatchFetch(`http://worker/${path}`, init as never)

    if (response.status !== 200) {
      throw new Error(`the Worker said ${response.status}: ${await response.text()}`)
    }

    return Buffer.from(await response.arrayBuffer())
  }

  return {
    async write (object, bytes) {
      await send(encodeURIComponent(object), { method: 'PUT', body: bytes, headers: { 'x-length': `${bytes.byteLength}` } })
    },
    open: (title, opening) => workerSource(async (cids, session) => {
      const read: WorkerRead = { title, opening, cids: cids.map(cid => `${cid}`), session }

      return send('', { method: 'POST', body: JSON.stringify(read) })
    }),
    stop: async () => worker.dispose()
  }
}

/** A source that is in a Worker. */
function workerSource (read: (cids: readonly CID[], session?: string) => Promise<Buffer>): BlockSource {
  async function * getMany (cids: readonly CID[], session?: string): AsyncGenerator<GetManyResult> {
    for (let at = 0; at < cids.length; at += BATCH) {
      const batch = cids.slice(at, at + BATCH)
      const answer = await read(batch, session)

      for (let offset = 0; offset < answer.byteLength;) {
        const cid = batch[answer.readUInt32BE(offset)]
        const length = answer.readInt32BE(offset + 4)
        offset += 8 + Math.max(0, length)
        yield length < 0 ? { cid } : { cid, bytes: answer.subarray(offset - length, offset) }
      }
    }
  }

  return {
    async get (cid, { session } = {}) {
      return (await getMany([cid], session).next()).value?.bytes
    },
    getMany: (cids, { session } = {}) => getMany([...cids], session)
  }
}
