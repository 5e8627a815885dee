import { createHash } from 'node:crypto'
import { createKuboRpc, failureMessage } from '@kitsune/kubo-rpc'
import { RpcError } from './errors.ts'
import type { CallInit } from '@kitsune/kubo-rpc'

/** Options of every call. */
export interface RpcOptions {
  signal?: AbortSignal
}

/** The kind of CID under which kubo keeps a block. */
export interface PutBlockOptions extends RpcOptions {
  /** kubo's name of the CID's codec; default: 'raw'. With 'v0' the CID is a CIDv0. */
  codec?: 'raw' | 'dag-pb' | 'v0'
  /** kubo's name of the multihash; default: 'sha2-256'. */
  hash?: string
  /** Bytes of digest; default: kubo's for that multihash. */
  hashLength?: number
}

/** How to connect a kubo to a peer. */
export interface ConnectOptions extends RpcOptions {
  /** False: only `ipfs swarm connect`, which does not make a kubo ask a peer on the internet. Default: true. */
  peering?: boolean
}

/** A kubo's answer about itself. */
export interface KuboId {
  ID: string
  Addresses: string[] | null
  Protocols: string[] | null
}

/** The calls of kubo's RPC that tests need. Each throws RpcError with kubo's own message. */
export interface KuboRpc {
  readonly url: string
  /** Calls any command, with its arguments in order and its options as a record. The caller reads the body. */
  call (command: string, args?: readonly string[], options?: Record<string, string>, init?: CallInit): Promise<Response>
  id (options?: RpcOptions): Promise<KuboId>
  /** Adds an address to the peering, as users of a balancer do, and dials it at once: peering alone would first wait a few seconds. */
  connect (address: string, options?: ConnectOptions): Promise<void>
  disconnect (address: string, options?: RpcOptions): Promise<void>
  /** The peer ids of open connections. */
  peers (options?: RpcOptions): Promise<string[]>
  /** Pins recursively; resolves when every block is there. */
  pin (cid: string, options?: RpcOptions): Promise<void>
  /** The sha-256 in hex and the length of the output of `ipfs cat`. */
  cat (cid: string, options?: RpcOptions): Promise<{ sha256: string, length: number }>
  /** Stores a block of any size up to kubo's message limit; returns its CID. */
  putBlock (bytes: Uint8Array, options?: PutBlockOptions): Promise<string>
  getBlock (cid: string, options?: RpcOptions): Promise<Uint8Array>
  removeBlock (cid: string, options?: RpcOptions): Promise<void>
  /** Whether the block is in this node's own store. */
  has (cid: string, options?: RpcOptions): Promise<boolean>
  /** How many blocks bitswap has received since the daemon started. */
  blocksReceived (options?: RpcOptions): Promise<number>
  /** The CIDs that this node itself wants. */
  wants (options?: RpcOptions): Promise<string[]>
  /** The wantlist that this node keeps for a connected peer, as CIDs. */
  wantsOf (peer: string, options?: RpcOptions): Promise<string[]>
}

/** A call without a signal ends after this many ms: well above what any call needs, even the pin of a gigabyte. */
const CALL_TIMEOUT = 280_000

/** A client of a kubo's RPC. */
export class KuboRpcClient implements KuboRpc {
  /** The origin of the RPC, such as `http://127.0.0.1:5001`; it may change. */
  url: string

  constructor (url: string) {
    this.url = url
  }

  async call (command: string, args: readonly string[] = [], options: Record<string, string> = {}, init: CallInit = {}): Promise<Response> {
    const response = await createKuboRpc({ url: this.url }).call(command, { ...options, arg: args }, { ...init, signal: init.signal ?? AbortSignal.timeout(CALL_TIMEOUT) })

    if (!response.ok) {
      throw new RpcError(`${command} ${args.join(' ')}: ${response.status} ${failureMessage(await response.text())}`)
    }

    return response
  }

  async id (options?: RpcOptions): Promise<KuboId> {
    return this.#json<KuboId>('id', [], options)
  }

  async connect (address: string, options: ConnectOptions = {}): Promise<void> {
    if (options.peering !== false) {
      await this.#json('swarm/peering/add', [address], options)
    }

    await this.#json('swarm/connect', [address], options)
  }

  async disconnect (address: string, options?: RpcOptions): Promise<void> {
    await this.#json('swarm/disconnect', [address], options)
  }

  async peers (options?: RpcOptions): Promise<string[]> {
    const { Peers } = await this.#json<{ Peers: Array<{ Peer: string }> | null }>('swarm/peers', [], options)

    return (Peers ?? []).map(({ Peer }) => Peer)
  }

  async pin (cid: string, options: RpcOptions = {}): Promise<void> {
    // with progress it answers at once and then twice a second, so that nothing on the way times out
    const response = await this.call('pin/add', [cid], { progress: 'true' }, options)
    let pinned = false

    for await (const line of jsonLines<{ Pins?: string[], Message?: string }>(response)) {
      if (line.Message != null) {
        throw new RpcError(`pin/add ${cid}: ${line.Message}`)
      }

      pinned ||= line.Pins != null
    }

    // kubo reports an error in mid-stream by a trailer, which fetch does not show: only the last line is missing
    if (!pinned) {
      throw new RpcError(`pin/add ${cid}: the answer ended without a pin`)
    }
  }

  async cat (cid: string, options: RpcOptions = {}): Promise<{ sha256: string, length: number }> {
    const response = await this.call('cat', [cid], {}, options)
    const hash = createHash('sha256')
    let length = 0

    for await (const chunk of body(response)) {
      hash.update(chunk)
      length += chunk.length
    }

    return { sha256: hash.digest('hex'), length }
  }

  async putBlock (bytes: Uint8Array, options: PutBlockOptions = {}): Promise<string> {
    const form = new FormData()
    form.append('data', new Blob([new Uint8Array(bytes)]))

    const format: Record<string, string> = options.codec === 'v0' ? { format: 'v0' } : { 'cid-codec': options.codec ?? 'raw' }
    const response = await this.call('block/put', [], {
      ...format,
      mhtype: options.hash ?? 'sha2-256',
      ...(options.hashLength == null ? {} : { mhlen: String(options.hashLength) }),
      'allow-big-block': 'true'
    }, { body: form, signal: options.signal })
    const { Key } = await response.json() as { Key: string }

    return Key
  }

  async getBlock (cid: string, options: RpcOptions = {}): Promise<Uint8Array> {
    const response = await this.call('block/get', [cid], {}, options)

    return new Uint8Array(await response.arrayBuffer())
  }

  async removeBlock (cid: string, options?: RpcOptions): Promise<void> {
    const { Error: error } = await this.#json<{ Error?: string }>('block/rm', [cid], options)

    if (error != null && error !== '') {
      throw new RpcError(`block/rm ${cid}: ${error}`)
    }
  }

  async has (cid: string, options: RpcOptions = {}): Promise<boolean> {
    try {
      await (await this.call('block/stat', [cid], { offline: 'true' }, options)).arrayBuffer()

      return true
    } catch (err) {
      if (err instanceof RpcError && err.message.includes('not found')) {
        return false
      }

      throw err
    }
  }

  async blocksReceived (options?: RpcOptions): Promise<number> {
    const { BlocksReceived } = await this.#json<{ BlocksReceived: number }>('bitswap/stat', [], options)

    return BlocksReceived
  }

  async wants (options?: RpcOptions): Promise<string[]> {
    return this.#wantlist(options)
  }

  async wantsOf (peer: string, options?: RpcOptions): Promise<string[]> {
    return this.#wantlist(options, { peer })
  }

  async #wantlist (options?: RpcOptions, flags?: Record<string, string>): Promise<string[]> {
    const { Keys } = await this.#json<{ Keys: Array<{ '/': string }> | null }>('bitswap/wantlist', [], options, flags)

    return (Keys ?? []).map(key => key['/'])
  }

  async #json<T> (command: string, args: readonly string[], options: RpcOptions = {}, flags: Record<string, string> = {}): Promise<T> {
    const response = await this.call(command, args, flags, options)

    return await response.json() as T
  }
}

async function * body (response: Response): AsyncGenerator<Uint8Array> {
  if (response.body != null) {
    yield * response.body as unknown as AsyncIterable<Uint8Array>
  }
}

async function * jsonLines <T> (response: Response): AsyncGenerator<T> {
  const decoder = new TextDecoder()
  let rest = ''

  for await (const chunk of body(response)) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''

    for (const line of lines) {
      if (line.trim() !== '') {
        yield JSON.parse(line) as T
      }
    }
  }

  if (rest.trim() !== '') {
    yield JSON.parse(rest) as T
  }
}
