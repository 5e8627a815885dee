import { UnreachableError } from './errors.ts'
import type { Connection, Logger, PeerId } from '@libp2p/interface'
import type { ConnectionManager } from '@libp2p/interface-internal'
import type { Multiaddr } from '@multiformats/multiaddr'

/** How a peer is dialled. */
export interface DialOptions {
  /** How long an address may take while there are others, ms. */
  readonly addressTimeout: number
  /** Ends it all. */
  readonly signal: AbortSignal
  /** Dials even if there is a connection. */
  readonly force: boolean
  readonly log: Logger
}

interface Failure {
  readonly address: Multiaddr
  readonly why: string
  /** It did not answer in time: it may yet work. */
  readonly slow: boolean
}

/** A second try takes this many times as long: a peer far away may need several seconds. */
const SECOND_TRY = 4

/** How many addresses an error names. */
const NAMED = 4

/**
 * Connects to a peer at the first of its addresses that works. Each is dialled by
 * itself, in the order given: libp2p would sort a list again (loopback last), let
 * one address that never answers use up the time of all, and give up after 25.
 * Addresses that were slow get a second try when no other works.
 *
 * @throws {UnreachableError} no address works
 */
export async function dial (manager: Pick<ConnectionManager, 'openConnection'>, peer: PeerId, addresses: readonly Multiaddr[], options: DialOptions): Promise<Connection> {
  const { addressTimeout, signal, force, log } = options

  if (addresses.length === 0) {
    return manager.openConnection(peer, { signal, force })
  }

  async function attempt (address: Multiaddr, timeout: number | undefined): Promise<Connection | Failure> {
    const late = timeout == null ? undefined : AbortSignal.timeout(timeout)

    try {
      return await manager.openConnection(address, { signal: late == null ? signal : AbortSignal.any([signal, late]), force })
    } catch (err) {
      signal.throwIfAborted()
      const slow = late?.aborted === true
      const why = slow ? 'no answer' : reason(err)
      log('cannot connect to %a: %s', address, why)

      // libp2p remembers a dial that was given up until the tick ends, and the next one would join it
      await new Promise(resolve => { setTimeout(resolve, 0) })

      return { address, why, slow }
    }
  }

  const failures: Failure[] = []

  for (const address of addresses) {
    const result = await attempt(withPeer(address, peer), addresses.length === 1 ? undefined : addressTimeout)

    if (!isFailure(result)) {
      return result
    }

    failures.push(result)
  }

  for (const { address } of failures.filter(({ slow }) => slow)) {
    const result = await attempt(address, SECOND_TRY * addressTimeout)

    if (!isFailure(result)) {
      return result
    }
  }

  throw unreachable(peer, failures)
}

function isFailure (result: Connection | Failure): result is Failure {
  return 'slow' in result
}

function unreachable (peer: PeerId, failures: readonly Failure[]): UnreachableError {
  const named = failures.slice(0, NAMED).map(({ address, why }) => `${address}: ${why}`)
  const more = failures.length > NAMED ? `; and ${failures.length - NAMED} more` : ''

  return new UnreachableError(`${peer} cannot be connected to: ${named.join('; ')}${more}`)
}

/** Why a dial failed, in words that help. */
function reason (err: unknown): string {
  // a WebSocket rejects with an event, of which a browser must not say more
  if (!(err instanceof Error)) {
    return 'its WebSocket cannot be opened'
  }

  // nothing at all was said, not even that the protocol is unknown
  if (/stream closed while reading 0\/|ECONNRESET/.test(err.message)) {
    return 'it accepts the connection and hangs up at once, as a kubo does whose Swarm.AddrFilters hold our address'
  }

  return err.message === '' ? err.name : err.message
}

function withPeer (address: Multiaddr, peer: PeerId): Multiaddr {
  return address.getComponents().some(({ name }) => name === 'p2p') ? address : address.encapsulate(`/p2p/${peer.toString()}`)
}
