import { normalizeAddress } from '@kitsune/want-router/http'

/** A client that made a request: the peer that it says it is, and where it is connected from. */
export interface Requester {
  readonly peer: string | undefined
  readonly address: string
}

/** Which peers are connected, and from where. */
export interface ConnectedPeers {
  /** Peer ids: the one that is named if it is connected, else those that are connected from the address, the newest first. */
  find (requester: Requester): readonly string[]
  /** Calls whenever a peer has connected, until the result is called. */
  onConnect (listener: () => void): () => void
}

/** The parts of a libp2p host that are used. */
export interface PeerHost {
  getConnections (): ReadonlyArray<{ readonly remotePeer: { toString (): string }, readonly remoteAddr: { getComponents (): ReadonlyArray<{ readonly name: string, readonly value?: string }> }, readonly status?: string }>
  addEventListener (type: 'connection:open', listener: () => void): void
  removeEventListener (type: 'connection:open', listener: () => void): void
}

/** The most peers of one address that are asked: a whole office may have the same address. */
const MAX_PEERS = 32

/** Creates a view of the peers that are connected to a host. */
export function connectedPeers (host: PeerHost): ConnectedPeers {
  return {
    find ({ peer, address }) {
      const connections = host.getConnections().filter(({ status }) => status == null || status === 'open')

      if (peer != null && connections.some(({ remotePeer }) => remotePeer.toString() === peer)) {
        return [peer]
      }

      const peers = new Set<string>()

      for (const { remotePeer, remoteAddr } of connections.reverse()) {
        const [{ name, value }] = remoteAddr.getComponents()

        if ((name === 'ip4' || name === 'ip6') && value != null && normalizeAddress(value) === address) {
          peers.add(remotePeer.toString())
        }

        if (peers.size === MAX_PEERS) {
          break
        }
      }

      return [...peers]
    },

    onConnect (listener) {
      host.addEventListener('connection:open', listener)

      return () => { host.removeEventListener('connection:open', listener) }
    }
  }
}
