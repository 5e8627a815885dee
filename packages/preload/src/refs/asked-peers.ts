import type { TraversalReader } from './traversal.ts'
import type { ConnectedPeers, Who } from '../clients/connected-peers.ts'

interface AskedPeersInit {
  readonly peers: ConnectedPeers
  readonly who: Who
  readonly reader: Pick<TraversalReader, 'add'>
  /** Peers that are asked; those that come are added. */
  readonly asked: Set<string>
  register (peer: string): () => void
  /** What gives back what was taken is added to it. */
  readonly done: Array<() => void>
}

/** Has those peers of a client asked that are connected now, or later. */
export function askPeers ({ peers, who, reader, asked, register, done }: AskedPeersInit): void {
  const review = (): void => {
    for (const peer of peers.find(who)) {
      if (!asked.has(peer)) {
        asked.add(peer)
        reader.add(peer)
        done.push(register(peer))
      }
    }
  }

  review()
  done.push(peers.onConnect(review))
}
