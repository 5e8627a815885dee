/**
 * @packageDocumentation
 *
 * Nodes by their RPC: each is asked who it is and where it listens.
 *
 * @example
 * ```ts
 * wantRouter({ targets: kubo(['http://10.0.0.1:5001', '/dns4/node/tcp/5001']) })
 * ```
 */
import { createKuboRpc, InvalidEndpointError } from '@kitsune/kubo-rpc'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { InvalidOptionError, KuboRpcError } from '../errors.ts'
import { peerTarget } from '../targets/peer-target.ts'
import { kuboHoldings } from './kubo-holdings.ts'
import { swarmAddresses } from './swarm-addresses.ts'
import type { PeerTargetInit } from '../targets/peer-target.ts'
import type { LocatedPeer, TargetInit } from '../targets/target.ts'
import type { EndpointInit, KuboRpc } from '@kitsune/kubo-rpc'
import type { PeerId } from '@libp2p/interface'

export type { EndpointInit } from '@kitsune/kubo-rpc'

/** A node by its RPC. */
export interface KuboInit extends Omit<PeerTargetInit, 'id' | 'locate' | 'peer'>, EndpointInit {
  /** Name of the member. Default: the URL as written, without its credentials. */
  readonly id?: string
}

/** An RPC, or a proxy before it, that hangs at this question does not keep its node from being connected to, ms. */
const LISTENERS_TIMEOUT = 1000

/**
 * Nodes that have kubo's RPC: `POST /api/v0/id` names the peer and its addresses,
 * and `POST /api/v0/swarm/addrs/listen`, which may be forbidden, what it listens on:
 * a node need not announce that (the `server` profile announces no private address).
 * It is asked again before every attempt to connect, so a node may come back
 * with another peer id. Redirects are refused: they would lead the credentials,
 * and the router, elsewhere.
 *
 * There is no QUIC and no WebTransport: the node needs a TCP or WebSocket
 * address in `Addresses.Swarm`.
 *
 * @throws {InvalidOptionError} for addresses and headers that are invalid
 */
export function kubo (nodes: ReadonlyArray<string | KuboInit>): TargetInit[] {
  return nodes.map(node => kuboTarget(typeof node === 'string' ? { url: node } : node))
}

function kuboTarget ({ url, id, authorization, headers, ...init }: KuboInit): TargetInit {
  const rpc = connectRpc({ url, authorization, headers })

  const target = peerTarget({
    ...init,
    id: id ?? rpc.name,
    locate: async signal => locate(rpc, signal)
  })

  return { ...target, holdings: options => kuboHoldings(rpc, options) }
}

function connectRpc (init: EndpointInit): KuboRpc {
  try {
    return createKuboRpc(init)
  } catch (err) {
    throw err instanceof InvalidEndpointError ? new InvalidOptionError(`kubo: ${err.message}`) : err
  }
}

/** Asks a node who it is and where. Its errors are safe to show. */
async function locate (rpc: KuboRpc, signal: AbortSignal): Promise<LocatedPeer> {
  const { name, host } = rpc
  const answer = await rpc.json('id', {}, { signal }).catch(err => {
    throw signal.aborted ? signal.reason : new KuboRpcError(`${name} cannot be asked who it is: ${err.message}`)
  })
  const { id, addresses } = checkAnswer(name, answer)

  // what is announced need not be what works, nor anything at all
  const listening = await rpc.json('swarm/addrs/listen', {}, { signal: AbortSignal.any([signal, AbortSignal.timeout(LISTENERS_TIMEOUT)]) })
    .then(listenersOf, () => [])
  const dialable = swarmAddresses(addresses, listening, multiaddr(`/${host.name}/${host.value}`).getComponents()[0])

  if (dialable.length === 0) {
    throw new KuboRpcError(`${name} reports no address that can be dialled, and no listener: add a TCP or WebSocket address to its Addresses.Swarm (there is no QUIC or WebTransport)`)
  }

  return { peer: id, addresses: dialable }
}

/** Reads the answer of `/api/v0/swarm/addrs/listen`; anything else lists none. */
function listenersOf (answer: unknown): string[] {
  const { Strings }: { Strings?: unknown } = typeof answer === 'object' && answer != null ? answer : {}

  return Array.isArray(Strings) ? Strings.filter(address => typeof address === 'string') : []
}

function checkAnswer (name: string, answer: unknown): { id: PeerId, addresses: string[] } {
  const { ID, Addresses }: { ID?: unknown, Addresses?: unknown } = typeof answer === 'object' && answer != null ? answer : {}
  // an offline daemon has null for addresses
  const addresses = Addresses ?? []

  if (typeof ID !== 'string' || !Array.isArray(addresses) || !addresses.every(address => typeof address === 'string')) {
    throw new KuboRpcError(`${name} does not answer as kubo's /api/v0/id: expected { ID, Addresses }`)
  }

  try {
    return { id: peerIdFromString(ID), addresses }
  } catch {
    throw new KuboRpcError(`${name} names itself by something that is not a peer id`)
  }
}
