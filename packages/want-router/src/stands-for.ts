import type { Libp2p, Libp2pEvents, TypedEventTarget } from '@libp2p/interface'

/**
 * Which peer another one asks for: a router with two hosts answers under the
 * identity of one and asks under that of the other. Its downstream host says so
 * by a protocol id, which peers learn by identify, so that a router which is its
 * client and its node at once knows the two for one.
 *
 * Any peer may say it of any other. All that follows is that the peer's own want is
 * not asked of that peer, if no other client wants the same.
 */
const PREFIX = '/kitsune/stands-for/1.0.0/'

/** Says on a host that it asks for the peer; the result takes that back. */
export async function announce (host: Pick<Libp2p, 'handle' | 'unhandle'>, peer: string): Promise<() => Promise<void>> {
  const protocol = PREFIX + peer
  await host.handle(protocol, stream => { stream.abort(new Error('this protocol has no streams')) })

  return async () => { await host.unhandle(protocol) }
}

/** Hears for which peers others say that they ask; the result stops that. */
export function hear (events: TypedEventTarget<Libp2pEvents>, said: (peer: string, of: string) => void): () => void {
  const onIdentify = ({ detail: { peerId, protocols } }: Libp2pEvents['peer:identify']): void => {
    const of = protocols.find(protocol => protocol.startsWith(PREFIX))?.slice(PREFIX.length)

    if (of != null) {
      said(peerId.toString(), of)
    }
  }

  events.addEventListener('peer:identify', onIdentify)

  return () => { events.removeEventListener('peer:identify', onIdentify) }
}
