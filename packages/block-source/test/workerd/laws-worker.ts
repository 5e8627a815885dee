import { httpStore, memoryStore, r2Store } from '../../src/index.ts'
import { objectStoreLaws } from '../../src/testing/index.ts'
import type { R2BucketLike } from '../../src/index.ts'
import type { LawTest, ObjectStoreSubject } from '../../src/testing/index.ts'

/** The bindings of the Worker. */
interface Env {
  readonly BUCKET: R2BucketLike & { put (key: string, bytes: Uint8Array): Promise<unknown>, delete (key: string): Promise<void> }
  /** The URL of the file server. */
  readonly FILES: string
  /** Adds files to that server, and removes them. */
  readonly UPLOAD: { fetch (url: string, init: RequestInit): Promise<Response> }
}

const maxRead = 1024 * 1024

const SUBJECTS: Record<string, (env: Env) => ObjectStoreSubject> = {
  r2: ({ BUCKET }) => ({
    store: r2Store({ bucket: BUCKET, maxRead, retry: { retries: 1, minDelay: 0 } }),
    maxRead,
    async put (object, bytes) { await BUCKET.put(object, bytes) },
    remove: async object => BUCKET.delete(object)
  }),
  memory () {
    const objects = new Map<string, Uint8Array>()

    return {
      store: memoryStore({ objects, maxRead }),
      maxRead,
      put (object, bytes) { objects.set(object, bytes) },
      remove (object) { objects.delete(object) }
    }
  },
  http: ({ FILES, UPLOAD }) => ({
    store: httpStore({ url: FILES, maxRead }),
    maxRead,
    async put (object, bytes) { await UPLOAD.fetch(`http://upload/?${new URLSearchParams({ object })}`, { method: 'PUT', body: new Uint8Array(bytes) }) },
    async remove (object) { await UPLOAD.fetch(`http://upload/?${new URLSearchParams({ object })}`, { method: 'DELETE' }) },
    http: {
      fetch: async request => fetch(request),
      withFetch: (fetch, retry) => httpStore({ url: FILES, fetch, retry })
    }
  })
}

function lawsOf (store: string, env: Env): LawTest[] {
  return objectStoreLaws(() => SUBJECTS[store](env), { http: store === 'http', list: store !== 'http' })
}

/** Checks a law and answers with its error, or answers with the names of all laws. */

export default {
  async fetch (request: Request, env: Env): Promise<Response> {
    const { searchParams } = new URL(request.url)
    const laws = lawsOf(searchParams.get('store') ?? '', env)
    const law = laws.find(({ id }) => id === searchParams.get('law'))

    try {
      await law?.check()

      return Response.json({ laws: laws.map(({ id }) => id) })
    } catch (err) {
      return Response.json({ error: err instanceof Error ? `${err.name}: ${err.message}\n${err.stack}` : String(err) })
    }
  }
}
