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

/** A node by its swarm addresses. */
export interface PeerInit extends Omit<PeerTargetInit, 'id' | 'locate' | 'peer'> {
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

  return peerTarget({ ...init, id: id ?? texts[0].trim(), peer, locate: async () => located })
}

function parseAddress (text: string): { address: Multiaddr, peer: PeerId } {
  if (!text.trim().startsWith('/')) {
    // not shown, since a URL can hold a password
    throw new InvalidOptionError('peers: an address must be a multiaddr that ends in /p2p/<peer id>; URLs of RPCs are for `kubo`')
  }

  const id = /\/p2p\/([^/]*)\/?$/.exec(text.trim())?.[1]

  if (id == null) {
    throw refuse(text, 'it does not end in a peer id')
  }

  // before the address, whose parser says of a bad peer id no more than that some length is wrong
  const peer = parsePeerId(id)

  if (peer == null) {
    throw refuse(text, `"${id}" is not a peer id`)
  }

  try {
    return { address: multiaddr(text.trim()), peer }
  } catch (err) {
    throw refuse(text, err instanceof Error ? err.message : 'it is not a multiaddr')
  }
}

function parsePeerId (text: string): PeerId | undefined {
  try {
    return peerIdFromString(text)
  } catch {
    return undefined
  }
}

function refuse (text: string, why: string): InvalidOptionError {
  return new InvalidOptionError(`peers: "${text}" cannot be dialled: ${why}; write /ip4/10.0.0.1/tcp/4001/p2p/<peer id>`)
}
