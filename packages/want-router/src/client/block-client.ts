import { BITSWAP_PROTOCOLS, encodeFrame, multihashKey, wantKey } from '@kitsune/bitswap-codec'
import { Uint8ArrayList } from 'uint8arraylist'
import { createVerifier, UNVERIFIABLE } from '../driver/verifier.ts'
import { FetchFailedError } from './errors.ts'
import { receiveMessages } from './receive-messages.ts'
import type { BlockHasher, Verify } from '../driver/verifier.ts'
import type { BitswapMessage, BitswapProtocol, MessageBlock, WantEntry, WantKey } from '@kitsune/bitswap-codec'
import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { CID } from 'multiformats'

/** Fetches blocks from one peer. */
export interface BlockClient {
  /**
   * Resolves with the block once it has arrived and been verified.
   *
   * @throws {FetchFailedError} the peer does not have it, or the connection is lost
   */
  get (cid: CID): Promise<Uint8Array>
}

/** Options of a block client. */
export interface BlockClientInit {
  /** Hash functions besides sha2-256, sha2-512 and identity. Default: none. */
  readonly hashers?: readonly BlockHasher[]
  /** When it aborts, all that is being fetched fails. Default: never. */
  readonly signal?: AbortSignal
}

/**
 * Makes a minimal bitswap client, which asks one peer and verifies each block. Wants
 * of one tick leave in one message. It lives as long as its host, which must have no
 * other bitswap protocol handler, such as a router.
 *
 * @param host - has been started
 * @param peer - is dialled unless it is connected
 * @throws {Error} if the peer cannot be reached, or speaks no bitswap
 */
export async function createBlockClient (host: Libp2p, peer: PeerId | Multiaddr, { hashers, signal }: BlockClientInit = {}): Promise<BlockClient> {
  const client = new PeerClient(createVerifier(hashers))
  await receiveMessages(host, {
    onMessage: message => { client.receive(message) },
    onError: err => { client.fail(new FetchFailedError(`the peer broke the protocol: ${err.message}`, { cause: err })) }
  })

  const { remotePeer } = await host.dial(peer, { signal })
  client.stream = await host.dialProtocol(remotePeer, [...BITSWAP_PROTOCOLS], { signal })
  host.addEventListener('peer:disconnect', ({ detail }) => {
    if (detail.equals(remotePeer)) {
      client.fail(new FetchFailedError('the connection was lost'))
    }
  })
  signal?.addEventListener('abort', () => { client.fail(client.timedOut()) })

  return {
    async get (cid) {
      signal?.throwIfAborted()

      return client.get(cid)
    }
  }
}

interface Waiting {
  readonly cid: CID
  readonly promise: Promise<Uint8Array>
  resolve (bytes: Uint8Array): void
  reject (err: Error): void
}

class PeerClient {
  readonly #verify: Verify
  readonly #waiting = new Map<WantKey, Waiting>()
  #wants: WantEntry[] = []
  stream: Stream | undefined

  constructor (verify: Verify) {
    this.#verify = verify
  }

  async get (cid: CID): Promise<Uint8Array> {
    const key = multihashKey(cid.multihash.bytes)
    const before = this.#waiting.get(key)

    if (before != null) {
      return before.promise
    }

    const waiting = { cid, ...Promise.withResolvers<Uint8Array>() }
    this.#waiting.set(key, waiting)

    if (this.#wants.push({ cid: cid.bytes, priority: 1, cancel: false, wantType: 'block', sendDontHave: true }) === 1) {
      queueMicrotask(() => { this.#send() })
    }

    return waiting.promise
  }

  receive ({ blocks, presences }: BitswapMessage): void {
    for (const block of blocks) {
      this.#receiveBlock(block).catch(err => { this.fail(err) })
    }

    for (const { cid, have } of presences) {
      const key = wantKey(cid) ?? ''

      if (!have) {
        const waiting = this.#waiting.get(key)
        this.#waiting.delete(key)
        waiting?.reject(new FetchFailedError(`the peer does not have ${waiting.cid}`))
      }
    }
  }

  /** All that is being fetched fails. */
  fail (err: Error): void {
    for (const { reject } of this.#waiting.values()) {
      reject(err)
    }

    this.#waiting.clear()
  }

  timedOut (): FetchFailedError {
    const [first] = this.#waiting.values()

    return new FetchFailedError(`timed out while waiting for ${this.#waiting.size} block(s), among them ${first?.cid}`)
  }

  async #receiveBlock ({ prefix, data }: MessageBlock): Promise<void> {
    const key = await this.#verify(prefix, data)

    // the key that no want has: nothing that is waited for could be answered by such a block either
    if (key === UNVERIFIABLE) {
      throw new FetchFailedError('the peer sent a block that cannot be verified')
    }

    this.#waiting.get(key)?.resolve(data)
    this.#waiting.delete(key)
  }

  #send (): void {
    const wants = this.#wants
    this.#wants = []

    try {
      this.stream?.send(new Uint8ArrayList(...encodeFrame({ wants }, this.stream.protocol as BitswapProtocol)))
    } catch (err) {
      this.fail(new FetchFailedError('the connection was lost', { cause: err }))
    }
  }
}
