import { InvalidOptionError, PreloadError } from '../errors.ts'
import { readRefs } from '../refs/member.ts'
import { platformTimers } from '../timers.ts'
import { countBlocks } from './count-blocks.ts'
import { withStallTimeout } from './stall-timeout.ts'
import type { BlockReader } from './count-blocks.ts'
import type { LinkCodecs } from '../gate/links.ts'
import type { Timers } from '../timers.ts'
import type { CID } from 'multiformats/cid'

/** The parts of Helia that are used. Anything else that has blocks and serves them over bitswap can provide them. */
export interface PreloadingNode {
  readonly libp2p: {
    readonly peerId: { toString (): string }
    /** Called with the `address` of a preload node, as it was given. */
    dial (address: never, options: { signal: AbortSignal }): Promise<unknown>
  }
  /** Read only to count blocks after a preload has failed. */
  readonly blockstore: BlockReader
}

/** Where data is left. */
export interface PreloadNode {
  /** Where it serves `/api/v0/refs`, such as https://preload.example. */
  readonly url: string
  /** Its libp2p address, a Multiaddr, which is dialled. Default: none, if it is connected already. */
  readonly address?: unknown
}

/** How a DAG is left at a preload node. */
export interface PreloadClientOptions {
  /** Tried one after another. */
  readonly nodes: readonly PreloadNode[]
  /** How often all nodes are tried. Default 3. */
  readonly rounds?: number
  /**
   * How long a node may be silent, ms; then the next one is tried. The default is long, since nodes and browsers queue requests.
   * Default 5 min.
   */
  readonly stallTimeout?: number
  /** Called for each block that is safe, with the number of safe blocks. */
  onProgress? (safe: number): void
  readonly signal?: AbortSignal
  /** How links are read, to count blocks. Default: dag-pb, dag-cbor, dag-json, raw. */
  readonly codecs?: LinkCodecs
  /** Default: the global `fetch`. */
  fetch? (url: string, init: RequestInit): Promise<Response>
  /** Default: the platform's. */
  readonly timers?: Timers
}

/** A DAG that a node has got. */
export interface Preloaded {
  /** The `url` of the node. */
  readonly node: string
  /** Blocks that the node has. */
  readonly safe: number
  /** Blocks of the DAG. The same number, since the preload would have failed otherwise. */
  readonly total: number
}

const DEFAULT_ROUNDS = 3
const DEFAULT_STALL_TIMEOUT = 300_000
/** Before the second round; doubled for each, and longer if a node asks for that. */
const FIRST_PAUSE = 1000
const MAX_PAUSE = 60_000

/**
 * Leaves a DAG at one of several preload nodes, by js-ipfs's contract: the node pulls it over
 * the connection that this node has to it. It resolves when a node has all of it. A node that
 * fails is asked again after the others, and keeps the blocks that it has got.
 *
 * @throws {PreloadError} no node has got all of it; the error says how many of its blocks are safe at one node
 * @throws {InvalidOptionError} no node is given
 */
export async function preload (from: PreloadingNode, cid: CID, options: PreloadClientOptions): Promise<Preloaded> {
  const {
    nodes,
    rounds = DEFAULT_ROUNDS,
    stallTimeout = DEFAULT_STALL_TIMEOUT,
    onProgress,
    signal = new AbortController().signal,
    codecs,
    fetch = async (url, init) => globalThis.fetch(url, init),
    timers = platformTimers
  } = options

  if (nodes.length === 0) {
    throw new InvalidOptionError('nodes: give at least one preload node')
  }

  const most = { safe: 0 }
  let cause: unknown
  const failed: string[] = []
  let wait = 0

  for (let round = 0; round < rounds; round++) {
    await pause(wait, timers, signal)
    wait = FIRST_PAUSE * 2 ** round

    for (const node of nodes) {
      const got = { safe: 0 }

      try {
        await withStallTimeout({ ms: stallTimeout, timers, signal }, async (signal, progress) => ask(from, cid, node, { fetch, signal, progress }, () => {
          got.safe++
          progress()

          if (got.safe > most.safe) {
            most.safe = got.safe
            onProgress?.(got.safe)
          }
        }))

        return { node: node.url, safe: got.safe, total: got.safe }
      } catch (err) {
        signal.throwIfAborted()
        cause = err
        failed.push(`${node.url}: ${err instanceof Error ? err.message : String(err)}`)
        wait = Math.max(wait, err instanceof RetryLater ? err.ms : 0)
      }
    }
  }

  const total = await countBlocks(from.blockstore, cid, { signal, codecs })
  throw new PreloadError(`No preload node has got all of ${cid}: ${failed.slice(-nodes.length).join('; ')}`, { ...most, total, cause })
}

/** As `preload`, with what an application says once; options of a call take precedence. */
export type PreloadClient = (from: PreloadingNode, cid: CID, options?: Partial<PreloadClientOptions>) => Promise<Preloaded>

/** Makes a `preload` with options that all its calls share, such as the nodes. */
export function preloadClient (shared: Partial<PreloadClientOptions> = {}): PreloadClient {
  return async (from, cid, options) => preload(from, cid, { nodes: [], ...shared, ...options })
}

interface AskInit {
  readonly fetch: NonNullable<PreloadClientOptions['fetch']>
  readonly signal: AbortSignal
  /** The node has answered. */
  progress (): void
}

/** Asks one node to get the DAG. `got` is called for each block that it has. */
async function ask ({ libp2p }: PreloadingNode, cid: CID, { url, address }: PreloadNode, { fetch, signal, progress }: AskInit, got: () => void): Promise<void> {
  if (address != null) {
    await libp2p.dial(address as never, { signal })
    progress()
  }

  const query = new URLSearchParams({ r: 'true', u: 'true', arg: cid.toString(), peer: libp2p.peerId.toString() })
  const response = await fetch(`${url.replace(/\/*$/, '')}/api/v0/refs?${query}`, { method: 'POST', signal, redirect: 'error' })

  if (response.status !== 200 || response.body == null) {
    await response.body?.cancel()
    throw new RetryLater(`it answered ${response.status}`, Number(response.headers.get('retry-after') ?? 0) * 1000)
  }

  const refs = readRefs(chunks(response.body))

  while ((await refs.next()).done !== true) {
    got()
  }

  got() // the root
}

/** Not all browsers iterate streams. */
async function * chunks (body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()

  try {
    for (;;) {
      const { done, value } = await reader.read()

      if (done) {
        return
      }

      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

async function pause (ms: number, timers: Timers, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()

  if (ms > 0) {
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        cancel()
        reject(signal.reason)
      }

      const cancel = timers.after(Math.min(ms, MAX_PAUSE), () => {
        signal.removeEventListener('abort', abort)
        resolve()
      })
      signal.addEventListener('abort', abort, { once: true })
    })
  }
}

/** It says when to come back, ms; 0: it does not. */
class RetryLater extends Error {
  static name = 'RetryLater'
  name = 'RetryLater'
  readonly ms: number

  constructor (message: string, ms: number) {
    super(message)
    this.ms = Number.isFinite(ms) && ms > 0 ? ms : 0
  }
}
