import { carV2Index, indexService, r2Store, remoteIndex, scanIndex, sortedIndex } from '../../src/index.ts'
import { blockIndexLaws } from '../../src/testing/index.ts'
import { blocks, carV1, carV2, mhIndex, sectionOffsets, sortedRows } from '../fixtures/cars.ts'
import type { BlockIndex, ObjectStore, R2BucketLike } from '../../src/index.ts'
import type { LawTest } from '../../src/testing/index.ts'

interface Env {
  readonly BUCKET: R2BucketLike & { put (key: string, bytes: Uint8Array): Promise<unknown> }
}

const INDEXES: Record<string, (store: ObjectStore) => BlockIndex> = {
  scan: store => scanIndex(store, 'v1.car'),
  inside: store => carV2Index(store, 'v2.car'),
  beside: store => sortedIndex(store, 'v1.car.idx', { pageLength: 1000, wholeLength: 1 }),
  remote: store => remoteIndex({ url: 'http://index', fetch: indexService({ index: scanIndex(store, 'v1.car') }), retry: false })
}

// created before the first request, and shared by all requests
const SHARED = new Map<string, BlockIndex>()

async function put ({ BUCKET }: Env): Promise<Awaited<ReturnType<typeof blocks>>> {
  const all = await blocks(100, 200)
  const index = mhIndex(sortedRows(all, sectionOffsets(all)))
  await BUCKET.put('v1.car', carV1(all))
  await BUCKET.put('v1.car.idx', index)
  await BUCKET.put('v2.car', carV2({ payload: carV1(all), index }))

  return all
}

function lawsOf (index: string, env: Env): LawTest[] {
  return blockIndexLaws(async wrap => {
    const store = r2Store({ bucket: env.BUCKET })

    return { store, blocks: await put(env), index: INDEXES[index](wrap(store)) }
  })
}

/** Looks blocks up in an index that many requests share; returns how many it found. */
async function lookup (name: string, env: Env): Promise<number> {
  const index = SHARED.get(name) ?? INDEXES[name](r2Store({ bucket: env.BUCKET }))
  SHARED.set(name, index)
  const located = await index.locate((await blocks(100, 200)).map(({ multihash }) => multihash))

  return located.filter(one => !(one instanceof Error) && one.length > 0).length
}

/** Checks a law, or looks blocks up in an index that all requests share. */
export default {
  async fetch (request: Request, env: Env): Promise<Response> {
    const { searchParams, pathname } = new URL(request.url)
    const index = searchParams.get('index') ?? ''

    try {
      if (pathname === '/put') {
        return Response.json({ put: (await put(env)).length })
      }

      if (pathname === '/leave') {
        // workerd cancels what a request has begun when the request ends
        lookup(index, env).catch(() => {})

        return Response.json({ left: true })
      }

      if (pathname === '/lookup') {
        return Response.json({ found: await lookup(index, env) })
      }

      const laws = lawsOf(index, env)
      await laws.find(({ id }) => id === searchParams.get('law'))?.check()

      return Response.json({ laws: laws.map(({ id }) => id) })
    } catch (err) {
      return Response.json({ error: err instanceof Error ? `${err.name}: ${err.message}\n${err.stack}` : String(err) })
    }
  }
}
