import { multiaddr } from '@multiformats/multiaddr'
import type { PreloadResult } from './watch-preloads.ts'

/** The task of a page with js-ipfs. */
export interface JsIpfsTask {
  /** A multiaddr of the balancer's HTTP port. */
  readonly preloader: string
  /** A multiaddr of the balancer, over WebSockets with TLS. */
  readonly address: string
  /** Sizes of files that it adds at once. */
  readonly add: readonly number[]
  /** CIDs of files that it reads. */
  readonly read: readonly string[]
}

export interface JsIpfsResult {
  readonly added: ReadonlyArray<{ readonly cid: string, readonly sha256: string }>
  readonly preloads: readonly PreloadResult[]
  /** Digests of the files that it read. */
  readonly read: readonly string[]
  readonly failure?: string
}

/** The part of js-ipfs that the page uses. */
interface JsIpfs {
  add (content: Uint8Array, options: object): Promise<{ readonly cid: { toString (): string } }>
  cat (path: string): AsyncIterable<Uint8Array>
  readonly swarm: { connect (address: unknown): Promise<void> }
}

/** Set by the bundle of js-ipfs. */
declare const IpfsCore: { create (options: object): Promise<JsIpfs> }
/** Set by ./watch-preloads.ts. */
declare const preloads: ReadonlyArray<Promise<PreloadResult>>

const MAX_RANDOM = 65_536

async function run ({ preloader, address, add, read }: JsIpfsTask): Promise<JsIpfsResult> {
  const ipfs = await IpfsCore.create({
    silent: true,
    init: { emptyRepo: true, algorithm: 'Ed25519' },
    preload: { enabled: true, addresses: [preloader] },
    relay: { enabled: false },
    config: { Addresses: { Swarm: [], Delegates: [] }, Bootstrap: [], Pubsub: { Enabled: false }, Routing: { Type: 'none' } }
  })
  await ipfs.swarm.connect(multiaddr(address))
  const added = await Promise.all(add.map(async size => {
    const content = randomBytes(size)
    const { cid } = await ipfs.add(content, { cidVersion: 1, rawLeaves: true, pin: false })

    return { cid: cid.toString(), sha256: await sha256(content) }
  }))
  const contents: string[] = []

  for (const cid of read) {
    const parts: Array<Uint8Array<ArrayBuffer>> = []

    for await (const part of ipfs.cat(cid)) {
      parts.push(new Uint8Array(part))
    }

    contents.push(await sha256(new Uint8Array(await new Blob(parts).arrayBuffer())))
  }

  // js-ipfs begins them later than it says that it has added the file
  while (preloads.length < add.length) {
    await new Promise(resolve => setTimeout(resolve, 10))
  }

  return { added, preloads: await Promise.all(preloads), read: contents }
}

function randomBytes (size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)

  for (let at = 0; at < size; at += MAX_RANDOM) {
    crypto.getRandomValues(bytes.subarray(at, at + MAX_RANDOM))
  }

  return bytes
}

async function sha256 (bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), byte => byte.toString(16).padStart(2, '0')).join('')
}

const result = await run(await (await fetch('/task')).json()).catch((err: Error) => ({ failure: `${err.name}: ${err.message}` }))
await fetch('/result', { method: 'POST', body: JSON.stringify(result) })
