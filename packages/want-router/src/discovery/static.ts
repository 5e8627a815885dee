/**
 * @packageDocumentation
 *
 * Nodes whose peer ids and addresses are known.
 *
 * @example
 * ```ts
 * wantRouter({ targets: peers(['/ip4/10.0.0.1/tcp/4001/p2p/12D3Koo…']) })
 * ```
 */
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { InvalidOptionError } from '../errors.ts'
import { peerTarget } from '../targets/peer-target.ts'
import type { PeerTargetInit } from '../targets/peer-target.ts'
import type { TargetInit } from '../targets/target.ts'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface PeerInit extends Omit<PeerTargetInit, 'id' | 'locate'> {
  /** Multiaddr that ends in `/p2p/<peer id>`, or several of the same peer, best first. */
  readonly address: string | readonly string[]
  /** Name of the member. Default: the (first) address as written. */
  readonly id?: string
}

/**
 * Nodes by their swarm addresses. Their peer ids stay what they are: a node that
 * changes its own is not found any more, unlike with `kubo`.
 *
 * Addresses are handed to libp2p as they are, which dials what its transports
 * can: there is no QUIC and no WebTransport.
 *
 * @throws {InvalidOptionError} for addresses that name no peer, or two peers
 */
export function peers (nodes: ReadonlyArray<string | PeerInit>): TargetInit[] {
  return nodes.map(node => staticTarget(typeof node === 'string' ? { address: node } : node))
}

function staticTarget ({ address, id, ...init }: PeerInit): TargetInit {
  const texts = typeof address === 'string' ? [address] : address
  const [first, ...others] = texts.map(parseAddress)

  if (first == null) {
    throw new InvalidOptionError('peers: a node has no address')
  }

  const { peer } = first
  const stranger = others.find(other => !other.peer.equals(peer))

  if (stranger != null) {
    throw new InvalidOptionError(`peers: the addresses of one node are of two peers, ${peer} and ${stranger.peer}`)
  }

  const located = { peer, addresses: [first, ...others].map(({ address }) => address) }

  return peerTarget({ ...init, id: id ?? texts[0].trim(), locate: async () => located })
}

function parseAddress (text: string): { address: Multiaddr, peer: PeerId } {
  if (!text.trim().startsWith('/')) {
    // not shown, since a URL can hold a password
    throw new InvalidOptionError('peers: an address is a multiaddr that ends in /p2p/<peer id>; URLs of RPCs are for `kubo`')
  }

  try {
    const address = multiaddr(text.trim())
    const last = address.getComponents().at(-1)

    if (last?.name === 'p2p' && last.value != null) {
      return { address, peer: peerIdFromString(last.value) }
    }
  } catch (err) {
    throw refuse(text, err instanceof Error ? err.message : 'it is no multiaddr')
  }

  throw refuse(text, 'it does not end in a peer id')
}

function refuse (text: string, why: string): InvalidOptionError {
  return new InvalidOptionError(`peers: "${text}" cannot be dialled: ${why}. Write /ip4/10.0.0.1/tcp/4001/p2p/<peer id>`)
}
