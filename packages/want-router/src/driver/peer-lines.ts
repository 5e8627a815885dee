import { capabilities, multihashKey, wantKey } from '@kitsune/bitswap-codec'
import { InvalidOptionError } from '../errors.ts'
import type { LocatedPeer, PeerLine, PeerLineHandlers } from '../targets/target.ts'
import type { BitswapMessage, BitswapProtocol, Outgoing, WantEntry } from '@kitsune/bitswap-codec'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** What lines need of the side that faces downstream. */
export interface DownstreamPort {
  /** Resolves with the protocol that wants will travel in. */
  connect (peer: PeerId, addresses: readonly Multiaddr[], signal: AbortSignal): Promise<BitswapProtocol>
  disconnect (peer: string): void
  wake (peer: string): void
}

/**
 * The wants that are to be sent to downstream peers, and the way back of their
 * answers. A line belongs to one target; a peer has at most one.
 */
export interface PeerLines {
  open (located: LocatedPeer, handlers: PeerLineHandlers, signal: AbortSignal): Promise<PeerLine>
  /** False if it brings something and no line is open to that peer. */
  message (peer: string, message: BitswapMessage): Promise<void> | false | undefined
  gone (peer: string): void
  /** The next wantlist message for a peer. */
  take (peer: string): Outgoing | undefined
}

interface Line {
  readonly handlers: PeerLineHandlers
  /** Unsent lines of the wantlist by their CID; the last word about each counts. */
  readonly pending: Map<string, WantEntry>
}

// a wantlist message stays near 50 KiB
const MAX_ENTRIES = 1024
// a block this small that lies in a frame this large is copied, else it would keep all of it in memory
const SMALL_BLOCK = 4096
const LARGE_FRAME = 65_536

export function peerLines (port: DownstreamPort): PeerLines {
  const lines = new Map<string, Line>()

  return {
    async open ({ peer, addresses }, handlers, signal) {
      const id = peer.toString()
      if (lines.has(id)) {
        throw new InvalidOptionError(`two targets lead to the same peer ${id}: remove one of them from the configuration`)
      }
      const line: Line = { handlers, pending: new Map() }
      lines.set(id, line)
      let protocol: BitswapProtocol
      try {
        protocol = await port.connect(peer, addresses, signal)
      } catch (err) {
        if (lines.get(id) === line) {
          lines.delete(id)
        }
        throw err
      }

      return {
        denies: capabilities(protocol).presences,
        ask (wants) {
          for (const { cid, type, priority } of wants) {
            line.pending.set(cidKey(cid), { cid, priority, cancel: false, wantType: type, sendDontHave: true })
          }
          port.wake(id)
        },
        cancel (wants) {
          for (const { cid } of wants) {
            line.pending.set(cidKey(cid), { cid, priority: 0, cancel: true, wantType: 'block', sendDontHave: false })
          }
          port.wake(id)
        },
        close () {
          if (lines.get(id) === line) {
            lines.delete(id)
            port.disconnect(id)
          }
        }
      }
    },

    message (peer, { blocks, presences, pendingBytes }) {
      const handlers = lines.get(peer)?.handlers
      if (handlers == null) {
        // blocks nobody asked for are not even hashed
        return blocks.length + presences.length > 0 ? false : undefined
      }
      let waiting: Array<Promise<void>> | undefined
      for (const { prefix, data } of blocks) {
        const bytes = data.byteLength <= SMALL_BLOCK && data.buffer.byteLength > LARGE_FRAME ? data.slice() : data
        const verified = handlers.block(prefix, bytes)
        if (verified != null) {
          (waiting ??= []).push(verified)
        }
      }
      for (const { cid, have } of presences) {
        const key = wantKey(cid)
        if (key != null) {
          handlers.presence(key, have)
        }
      }
      if (pendingBytes > 0) {
        handlers.load(pendingBytes)
      }
      if (waiting != null) {
        return Promise.all(waiting).then(() => {})
      }
    },

    gone (peer) {
      const line = lines.get(peer)
      if (line != null) {
        lines.delete(peer)
        line.handlers.closed()
      }
    },

    take (peer) {
      const pending = lines.get(peer)?.pending
      if (pending == null || pending.size === 0) {
        return
      }
      if (pending.size <= MAX_ENTRIES) {
        const wants = [...pending.values()]
        pending.clear()
        return { wants }
      }
      const wants: WantEntry[] = []
      for (const [key, entry] of pending) {
        pending.delete(key)
        wants.push(entry)
        if (wants.length === MAX_ENTRIES) {
          break
        }
      }
      return { wants }
    }
  }
}

/** Nodes keep wants by CID, so the cancel of a CIDv0 and the ask for the CIDv1 of the same block are two lines. */
function cidKey (cid: Uint8Array): string {
  return multihashKey(cid) // not a multihash, but as good a key
}
