import { cached, carSource, coalesced, r2Store, scanIndex, StoreUnavailableError, tiered } from '../../src/index.ts'
import { blockSourceLaws, faultStore } from '../../src/testing/index.ts'
import { block, blocks, carV1 } from '../fixtures/cars.ts'
import type { BlockSource, R2BucketLike } from '../../src/index.ts'
import type { BlockSourceSubject } from '../../src/testing/index.ts'

/** The bindings of the Worker. */
interface Env {
  readonly BUCKET: R2BucketLike & { put (key: string, bytes: Uint8Array): Promise<unknown> }
}

async function subject ({ BUCKET }: Env, around: (source: BlockSource) => BlockSource): Promise<BlockSourceSubject> {
  const has = [...await blocks(5, 1000), await block(new Uint8Array(500_000).fill(7))]
  const car = carV1(has)
  await BUCKET.put('x.car', car)
  const store = faultStore(r2Store({ bucket: BUCKET }))

  return {
    source: around(carSource({ store, index: scanIndex(store, 'x.car') })),
    has,
    missing: [(await block(Uint8Array.of(9))).cid],
    fail () {
      store.fault = () => ({ error: new StoreUnavailableError() })

      return () => { store.fault = () => undefined }
    },
    async corrupt ({ bytes }) {
      const wrong = car.slice()
      const at = wrong.findIndex((_, i) => bytes.every((byte, j) => wrong[i + j] === byte))
      wrong[at] ^= 1
      await BUCKET.put('x.car', wrong)
    }
  }
}

const AROUND: Record<string, (source: BlockSource) => BlockSource> = {
  'as it is': source => source,
  combined: source => coalesced(tiered([cached(source), source]))
}

/** Checks a law and answers with its error, or answers with the names of all laws. */

export default {
  async fetch (request: Request, env: Env): Promise<Response> {
    const { searchParams } = new URL(request.url)
    const laws = blockSourceLaws(async () => subject(env, AROUND[searchParams.get('around') ?? '']))

    try {
      await laws.find(({ id }) => id === searchParams.get('law'))?.check()

      return Response.json({ laws: laws.map(({ id }) => id) })
    } catch (err) {
      return Response.json({ error: err instanceof Error ? `${err.name}: ${err.message}\n${err.stack}` : String(err) })
    }
  }
}
