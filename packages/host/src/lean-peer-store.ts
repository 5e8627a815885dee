import type { Libp2p, Peer, PeerData, PeerId } from '@libp2p/interface'

/** A host's peer store after {@link trimPeerStore}. */
export interface LeanPeerStore {
  /** Peers whose protocols are remembered: never more than are connected. */
  readonly size: number
}

/**
 * Makes a host's peer store suitable for a server.
 *
 * libp2p merges the protocol of every stream into the store. This reads, decodes,
 * encodes and writes the peer's whole entry, and takes a large part of a busy host's
 * CPU. Here a merge of known protocols is skipped.
 *
 * libp2p also keeps every peer that has ever connected for hours. Here an entry is deleted with the peer's last connection, and an entry
 * that is written later, by an identify that was still running, is deleted at once. So the store holds the connected peers and the host
 * itself.
 *
 * Call this before the host is started.
 */
export function trimPeerStore (host: Libp2p): LeanPeerStore {
  const store = host.peerStore
  const known = new Map<string, { peer: Peer, protocols: Set<string> }>()
  const original = {
    merge: store.merge.bind(store),
    patch: store.patch.bind(store),
    save: store.save.bind(store),
    delete: store.delete.bind(store)
  }

  function isConnected (id: PeerId): boolean {
    return host.peerId.equals(id) || host.getConnections(id).length > 0
  }

  async function forget (id: PeerId): Promise<void> {
    await original.delete(id)
    known.delete(id.toString())
  }

  async function written (id: PeerId, peer: Peer): Promise<Peer> {
    known.delete(id.toString())

    if (!isConnected(id)) {
      await forget(id)
    }

    return peer
  }

  store.merge = async (id, data, options) => {
    const cached = known.get(id.toString())

    if (cached != null && isKnown(data, cached.protocols)) {
      return cached.peer
    }

    const peer = await written(id, await original.merge(id, data, options))

    if (isConnected(id)) {
      known.set(id.toString(), { peer, protocols: new Set(peer.protocols) })
    }

    return peer
  }

  store.patch = async (id, data, options) => written(id, await original.patch(id, data, options))
  store.save = async (id, data, options) => written(id, await original.save(id, data, options))

  store.delete = async (id, options) => {
    await original.delete(id, options)
    known.delete(id.toString())
  }

  host.addEventListener('peer:disconnect', ({ detail }) => {
    known.delete(detail.toString())
    forget(detail).catch(() => {})
  })

  return {
    get size () {
      return known.size
    }
  }
}

/** True if the data contains only protocols, and all of them are known. */
function isKnown (data: PeerData, protocols: Set<string>): boolean {
  return data.protocols?.every(protocol => protocols.has(protocol)) === true &&
    Object.keys(data).length === 1
}
