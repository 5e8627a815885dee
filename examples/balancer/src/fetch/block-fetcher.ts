import { BITSWAP_PROTOCOLS, decodeMessage, encodeFrame, frameDecoder, multihashKey, parsePrefix, wantKey } from '@kitsune/bitswap-codec'
import { blake2b256 } from '@multiformats/blake2/blake2b'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { Uint8ArrayList } from 'uint8arraylist'
import type { BitswapProtocol, MessageBlock, WantEntry, WantKey } from '@kitsune/bitswap-codec'
import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { CID, MultihashHasher } from 'multiformats'

/** Fetches single blocks from one peer. */
export interface BlockFetcher {
  /**
   * Resolves with the block once it has arrived and been verified.
   *
   * @throws {Error} the peer does not have it, the connection is lost, or the signal aborts
   */
  get (cid: CID): Promise<Uint8Array>
}

interface Waiting {
  cid: CID
  resolve (bytes: Uint8Array): void
  reject (err: Error): void
}

const HASHERS: ReadonlyMap<number, MultihashHasher> = new Map([identity, sha256, sha512, blake2b256].map(hasher => [hasher.code, hasher]))

/**
 * Creates a minimal bitswap client: it asks one connected peer and verifies every
 * block.
 */
export async function createBlockFetcher (host: Libp2p, peer: PeerId, signal: AbortSignal): Promise<BlockFetcher> {
  const waiting = new Map<WantKey, Waiting>()
  const asking: WantEntry[] = []

  const fail = (err: Error): void => {
    for (const { reject } of waiting.values()) {
      reject(err)
    }

    waiting.clear()
  }

  await receiveFrames(host, receive, fail)
  const stream = await host.dialProtocol(peer, [...BITSWAP_PROTOCOLS], { signal })

  host.addEventListener('peer:disconnect', ({ detail }) => {
    if (detail.equals(peer)) {
      fail(new Error('the connection was lost'))
    }
  })
  signal.addEventListener('abort', () => {
    fail(new Error(`timed out while waiting for ${waiting.size} block(s), among them ${waiting.values().next().value?.cid}`))
  })

  async function receive (frame: Uint8Array): Promise<void> {
    const { blocks, presences } = decodeMessage(frame)

    for (const block of blocks) {
      const key = multihashKey(await digest(block))
      waiting.get(key)?.resolve(block.data)
      waiting.delete(key)
    }

    for (const { cid, have } of presences) {
      const key = wantKey(cid) ?? ''

      if (!have) {
        waiting.get(key)?.reject(new Error(`the peer does not have ${waiting.get(key)?.cid}`))
        waiting.delete(key)
      }
    }
  }

  return {
    get: async (cid) => {
      signal.throwIfAborted()

      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
      waiting.set(multihashKey(cid.multihash.bytes), { cid, resolve, reject })

      // all wants of one tick leave in one message
      if (asking.push({ cid: cid.bytes, priority: 1, cancel: false, wantType: 'block', sendDontHave: true }) === 1) {
        queueMicrotask(() => { send(stream, asking.splice(0), fail) })
      }

      return promise
    }
  }
}

/** Reads the replies, which arrive on streams that the peer opens. */
async function receiveFrames (host: Libp2p, receive: (frame: Uint8Array) => Promise<void>, fail: (err: Error) => void): Promise<void> {
  await host.handle([...BITSWAP_PROTOCOLS], (stream) => {
    const decoder = frameDecoder()

    stream.addEventListener('message', ({ data }) => {
      try {
        for (const frame of decoder.push(data)) {
          receive(frame).catch(fail)
        }
      } catch (err) {
        stream.abort(err as Error)
        fail(err as Error)
      }
    })

    // otherwise the peer runs out of streams
    const closeOurs = (): void => { stream.close().catch(() => {}) }
    stream.addEventListener('remoteCloseWrite', closeOurs)

    // its end may have arrived together with its data
    if (stream.remoteWriteStatus === 'closed') {
      closeOurs()
    }
  }, { maxInboundStreams: 1024 })
}

function send (stream: Stream, wants: WantEntry[], fail: (err: Error) => void): void {
  try {
    stream.send(new Uint8ArrayList(...encodeFrame({ wants }, stream.protocol as BitswapProtocol)))
  } catch (err) {
    fail(err as Error)
  }
}

async function digest ({ prefix, data }: MessageBlock): Promise<Uint8Array> {
  const { hashCode, hashLength } = parsePrefix(prefix)
  const hasher = HASHERS.get(hashCode)

  if (hasher == null) {
    throw new Error(`a block arrived with the unknown hash function 0x${hashCode.toString(16)}`)
  }

  return (await hasher.digest(data, { truncate: hashLength })).bytes
}
