import { createMapWriter, r2MapStore, scanCar } from '@kitsune/block-source'
import { fsStore } from '@kitsune/block-source/fs'
import { Miniflare } from 'miniflare'
import { bundleWorker } from './bundle.ts'
import type { R2MapBucketLike } from '@kitsune/block-source'
import type { MiniflareOptions } from 'miniflare'

/** The longest file that is put into R2, bytes: miniflare does not take more than 100 MB in one piece. */
const MAX_FILE = 95e6

export interface LocalWorkerInit {
  /** A folder of CARs, or one that `kitsune-index` has filled: they go into R2. */
  readonly cars: string
  /** How blocks are found: by the block map, or by what `kitsune-index` writes as DUDEWHERE and SATNAV. Default `map`. */
  readonly layout?: 'map' | 'dudewhere'
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
  /** Ends its isolate, and with it all connections; what is in R2 and KV stays. The address stays, too. */
  restart (): Promise<void>
  stop (): Promise<void>
}

/** Runs the Worker by miniflare, with R2 in memory, which holds the CARs of a folder and the map of their blocks. */
export async function startLocalWorker ({ cars, layout = 'map', identity, port = 0, bindings = {} }: LocalWorkerInit): Promise<LocalWorker> {
  let restarts = 0
  let listen = port
  const options = (): MiniflareOptions => ({
    modules: true,
    script,
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
    host: '127.0.0.1',
    // or it asks Cloudflare where it is
    cf: false,
    port: listen,
    // one bucket, as kitsune-index fills it
    r2Buckets: layout === 'map' ? { CARPARK: 'cars' } : { CARPARK: 'cars', DUDEWHERE: 'cars', SATNAV: 'cars' },
    kvNamespaces: ['SESSIONS'],
    bindings: { IDENTITY: identity, BLOCK_MAP: String(layout === 'map'), RESTARTS: String(restarts), ...bindings }
  })
  const script = await bundleWorker()
  const miniflare = new Miniflare(options())

  async function restart (): Promise<void> {
    restarts++
    await miniflare.setOptions(options())
    await miniflare.ready
  }

  try {
    const { origin: url, port: chosen } = await miniflare.ready
    listen = Number(chosen)
    await upload(await miniflare.getR2Bucket('CARPARK') as unknown as R2MapBucketLike, cars)
    const response = await fetch(url)

    if (!response.ok) {
      throw new Error(`the Worker says: ${await response.text()}`)
    }

    const { peerId, addresses: [address] } = await response.json() as { peerId: string, addresses: string[] }

    return { url, peerId, address, miniflare, restart, stop: async () => miniflare.dispose() }
  } catch (err) {
    await miniflare.dispose()
    throw err
  }
}

/** Puts all files of a folder into a bucket, and lists the blocks of its CARs in the bucket's map, if it has none. */
async function upload (bucket: R2MapBucketLike, folder: string): Promise<void> {
  // a file is uploaded with one call
  const store = fsStore({ folder, maxRead: MAX_FILE })
  const names: string[] = []

  for await (const name of store.list('')) {
    const { size = 0 } = await store.stat(name) ?? {}
    // a read of nothing does not read
    const part = size === 0 ? { bytes: new Uint8Array() } : await store.read(name, { length: size })

    await bucket.put(name, part?.bytes ?? new Uint8Array(), {})
    names.push(...(name.endsWith('.car') ? [name] : []))
  }

  // adds nothing that is there
  await createMapWriter(r2MapStore({ bucket })).add(names.map(name => ({ name, blocks: () => scanCar(store, name) })))
}
