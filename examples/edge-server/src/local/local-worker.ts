import { createMapWriter, r2MapStore, scanCar } from '@kitsune/block-source'
import { fsStore } from '@kitsune/block-source/fs'
import { Miniflare } from 'miniflare'
import { bundleWorker } from './bundle.ts'
import type { R2MapBucketLike } from '@kitsune/block-source'

export interface LocalWorkerInit {
  /** A folder whose CARs go into R2. */
  readonly cars: string
  /** The private key, in base64. */
  readonly identity: string
  /** Where it listens, on loopback. Default: any free port. */
  readonly port?: number
  /** Further variables. */
  readonly bindings?: Readonly<Record<string, string>>
}

/** The Worker in workerd on this machine. */
export interface LocalWorker {
  readonly url: string
  readonly peerId: string
  /** Where clients dial it, with /p2p/. */
  readonly address: string
  readonly miniflare: Miniflare
  stop (): Promise<void>
}

/** Runs the Worker by miniflare, with R2 in memory, which holds the CARs of a folder and the map of their blocks. */
export async function startLocalWorker ({ cars, identity, port = 0, bindings = {} }: LocalWorkerInit): Promise<LocalWorker> {
  const miniflare = new Miniflare({
    modules: true,
    script: await bundleWorker(),
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
    host: '127.0.0.1',
    // or it asks Cloudflare where it is
    cf: false,
    port,
    r2Buckets: ['CARPARK'],
    bindings: { IDENTITY: identity, ...bindings }
  })

  try {
    const url = (await miniflare.ready).origin
    await upload(await miniflare.getR2Bucket('CARPARK') as unknown as R2MapBucketLike, cars)
    const response = await fetch(url)

    if (!response.ok) {
      throw new Error(`the Worker says: ${await response.text()}`)
    }

    const { peerId, addresses: [address] } = await response.json() as { peerId: string, addresses: string[] }

    return { url, peerId, address, miniflare, stop: async () => miniflare.dispose() }
  } catch (err) {
    await miniflare.dispose()
    throw err
  }
}

/** Puts all CARs of a folder into a bucket, and lists their blocks in its map. */
async function upload (bucket: R2MapBucketLike, folder: string): Promise<void> {
  const store = fsStore({ folder })
  const names: string[] = []

  for await (const name of store.list('')) {
    const part = name.endsWith('.car') ? await store.read(name, {}) : undefined

    if (part != null) {
      await bucket.put(name, part.bytes, {})
      names.push(name)
    }
  }

  await createMapWriter(r2MapStore({ bucket })).add(names.map(name => ({ name, blocks: () => scanCar(store, name) })))
}
