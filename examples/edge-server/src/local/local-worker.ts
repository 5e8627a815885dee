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

/** The most that is put into R2 in one piece, bytes: miniflare accepts at most 100 MB. */
const PART = 64 << 20

/** Options of a Worker on this machine. */
export interface LocalWorkerInit {
  /** A folder of CARs, or one that `kitsune-index` has filled: they go into R2. */
  readonly cars: string
  /** How blocks are found: by the block map, or by DUDEWHERE and SATNAV, all of which `kitsune-index` writes. Default `map`. */
  readonly layout?: 'map' | 'dudewhere'
  /** The private key, in base64. */
  readonly identity: string
  /** Where it listens, on loopback. Default: any free port. */
  readonly port?: number
  /** Whether there is an empty KV namespace DENYLIST. Default false */
  readonly denylistStore?: boolean
  /** Whether isolates may be inspected, by `miniflare.getInspectorURL()`. Default false */
  readonly inspector?: boolean
  /** Further variables. */
  readonly bindings?: Readonly<Record<string, string>>
  /**
   * A module that wraps R2, for tests: its default export gets `bindings` and `inner`, which is R2, and returns the bucket CARPARK.
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
  /** Ends its isolate with all connections, and starts another one, with further variables. R2, KV and the address stay the same. */
  restart (more?: Readonly<Record<string, string>>): Promise<void>
  stop (): Promise<void>
}

/** Runs the Worker in miniflare, with an R2 in memory that contains the CARs of a folder and the map of their blocks. */
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
    // miniflare's own entry point forwards WebSocket messages, and compresses them whatever the Worker says
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
      // the script through which the bucket is filled
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
      throw new Error(`the Worker answered: ${await response.text()}`)
    }

    const { peerId, addresses: [address] } = await response.json() as { peerId: string, addresses: string[] }

    return { url, peerId, address, miniflare, restart, stop: async () => miniflare.dispose() }
  } catch (err) {
    await miniflare.dispose()
    throw err
  }
}

/** The parts of miniflare's R2 that are used. */
interface UploadBucket extends R2MapBucketLike {
  createMultipartUpload (name: string): Promise<{
    uploadPart (number: number, bytes: Uint8Array): Promise<unknown>
    complete (parts: unknown[]): Promise<unknown>
  }>
}

/** Puts all files of a folder into a bucket, and with `map` adds its CARs to the bucket's block map. */
async function upload (bucket: UploadBucket, folder: string, map: boolean): Promise<void> {
  const store = fsStore({ folder, maxRead: PART })
  const names: string[] = []

  for await (const name of store.list('')) {
    await uploadFile(bucket, store, name)
    names.push(...(name.endsWith('.car') ? [name] : []))
  }

  if (map) {
    // it skips CARs that are in the map already
    await createMapWriter(r2MapStore({ bucket })).add(names.map(name => ({ name, blocks: () => scanCar(store, name) })))
  }
}

async function uploadFile (bucket: UploadBucket, store: ObjectStore, name: string): Promise<void> {
  const { size = 0 } = await store.stat(name) ?? {}
  // an empty file needs no read
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
