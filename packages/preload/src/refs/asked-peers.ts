import type { TraversalReader } from './traversal.ts'
import type { ConnectedPeers, Requester } from '../clients/connected-peers.ts'

interface AskedPeersInit {
  readonly peers: ConnectedPeers
  readonly requester: Requester
  readonly reader: Pick<TraversalReader, 'add'>
  /** Peers that are asked; later ones are added. */
  readonly asked: Set<string>
  register (peer: string): () => void
  /** Functions that undo the registrations are added to it. */
  readonly done: Array<() => void>
}

/** Adds the peers of a client to a traversal, those that are connected now and those that connect later. */
export function askPeers ({ peers, requester, reader, asked, register, done }: AskedPeersInit): void {
  const review = (): void => {
    for (const peer of peers.find(requester)) {
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
