import { createMapWriter, r2MapStore, scanCar } from '@kitsune/block-source'
import { fsStore } from '@kitsune/block-source/fs'
import { Miniflare } from 'miniflare'
import { bundleWorker } from './bundle.ts'
import type { ObjectStore, R2MapBucketLike } from '@kitsune/block-source'
import type { MiniflareOptions, WorkerOptions } from 'miniflare'

const HOST = '127.0.0.1'
/** The name of the Worker in miniflare. */
const NAME = 'edge'
/** The name of the bucket in miniflare. */
const BUCKET = 'cars'

/** What is put into R2 in one piece, bytes: miniflare takes no more than 100 MB. */
const PART = 64 << 20

/** What a Worker on this machine serves, and where. */
export interface LocalWorkerInit {
  /** A folder of CARs, or one that `kitsune-index` has filled: they go into R2. */
  readonly cars: string
  /** How blocks are found: by the block map, or by what `kitsune-index` writes as DUDEWHERE and SATNAV. Default `map`. */
  readonly layout?: 'map' | 'dudewhere'
  /** The private key, in base64. */
  readonly identity: string
  /** Where it listens, on loopback. Default: any free port. */
  readonly port?: number
  /** Whether there is a KV namespace DENYLIST, which is empty. Default false */
  readonly denylistStore?: boolean
  /** Whether isolates may be inspected, by `miniflare.getInspectorURL()`. Default false */
  readonly inspector?: boolean
  /** Further variables. */
  readonly bindings?: Readonly<Record<string, string>>
  /**
   * A module in place of R2, for tests: its default export is given `bindings` and `inner`, which is R2, and returns the bucket CARPARK.
   */
  readonly bucket?: { readonly script: string, readonly bindings?: Readonly<Record<string, string>> }
}

/** The Worker in workerd on this machine. */
export interface LocalWorker {
  readonly url: string
  readonly peerId: string
  /** Where clients dial it, with /p2p/. */
  readonly address: string
  readonly miniflare: Miniflare
  /** Ends its isolate, and with it all connections; what is in R2 and KV stays. The address stays, too. Takes further variables. */
  restart (more?: Readonly<Record<string, string>>): Promise<void>
  stop (): Promise<void>
}

/** Runs the Worker by miniflare, with R2 in memory, which holds the CARs of a folder and the map of their blocks. */
export async function startLocalWorker ({ cars, layout = 'map', identity, port = 0, denylistStore = false, inspector = false, bindings = {}, bucket }: LocalWorkerInit): Promise<LocalWorker> {
  let restarts = 0
  let listen = port
  const main = (more: Readonly<Record<string, string>>): WorkerOptions => ({
    name: NAME,
    modules: true,
    script,
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat', 'no_web_socket_compression'],
    // one bucket, as kitsune-index fills it
    r2Buckets: layout === 'map' ? (bucket == null ? { CARPARK: BUCKET } : {}) : { CARPARK: BUCKET, DUDEWHERE: BUCKET, SATNAV: BUCKET },
    // miniflare's own door passes on what WebSockets carry, and compresses it whatever the Worker says
    unsafeDirectSockets: [{ host: HOST, port: listen }],
    ...(bucket == null ? {} : { wrappedBindings: { CARPARK: { scriptName: 'bucket', bindings: bucket.bindings } } }),
    kvNamespaces: ['SESSIONS', ...(denylistStore ? ['DENYLIST'] : [])],
    durableObjects: { QUOTA_COUNTERS: 'QuotaCounter' },
    bindings: { IDENTITY: identity, BLOCK_MAP: String(layout === 'map'), RESTARTS: String(restarts), ...bindings, ...more }
  })
  const options = (more: Readonly<Record<string, string>> = {}): MiniflareOptions => ({
    host: HOST,
    // otherwise miniflare asks Cloudflare where it is
    cf: false,
    ...(inspector ? { inspectorPort: 0 } : {}),
    workers: [
      main(more),
      // by which the bucket is filled
      { name: 'uploads', modules: true, script: 'export default {}', r2Buckets: { CARS: BUCKET } },
      ...(bucket == null ? [] : [{ name: 'bucket', modules: true, script: bucket.script, r2Buckets: { inner: BUCKET } }])
    ]
  })
  const script = await bundleWorker()
  const miniflare = new Miniflare(options())

  async function restart (more?: Readonly<Record<string, string>>): Promise<void> {
    restarts++
    await miniflare.setOptions(options(more))
    await miniflare.ready
  }

  try {
    await miniflare.ready
    const { origin: url, port: chosen } = await miniflare.unsafeGetDirectURL(NAME)
    listen = Number(chosen)
    await upload(await miniflare.getR2Bucket('CARS', 'uploads') as unknown as UploadBucket, cars, layout === 'map')
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

/** R2 as miniflare gives it, where it is used. */
interface UploadBucket extends R2MapBucketLike {
  createMultipartUpload (name: string): Promise<{
    uploadPart (number: number, bytes: Uint8Array): Promise<unknown>
    complete (parts: unknown[]): Promise<unknown>
  }>
}

/** Puts all files of a folder into a bucket, and with `map` lists the blocks of its CARs in the bucket's map, if it has none. */
async function upload (bucket: UploadBucket, folder: string, map: boolean): Promise<void> {
  const store = fsStore({ folder, maxRead: PART })
  const names: string[] = []

  for await (const name of store.list('')) {
    await uploadFile(bucket, store, name)
    names.push(...(name.endsWith('.car') ? [name] : []))
  }

  if (map) {
    // adds nothing that is there
    await createMapWriter(r2MapStore({ bucket })).add(names.map(name => ({ name, blocks: () => scanCar(store, name) })))
  }
}

async function uploadFile (bucket: UploadBucket, store: ObjectStore, name: string): Promise<void> {
  const { size = 0 } = await store.stat(name) ?? {}
  // a read of nothing does not read
  const read = async (offset: number): Promise<Uint8Array> => size === 0 ? new Uint8Array() : (await store.read(name, { offset, length: Math.min(PART, size - offset) }))?.bytes ?? new Uint8Array()

  if (size <= PART) {
    await bucket.put(name, await read(0), {})

    return
  }

  const parts: unknown[] = []
  const upload = await bucket.createMultipartUpload(name)

  for (let offset = 0; offset < size; offset += PART) {
    parts.push(await upload.uploadPart(parts.length + 1, await read(offset)))
  }

  await upload.complete(parts)
}
