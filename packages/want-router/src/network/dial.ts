import { UnreachableError } from './errors.ts'
import type { Connection, Logger, PeerId } from '@libp2p/interface'
import type { ConnectionManager } from '@libp2p/interface-internal'
import type { Multiaddr } from '@multiformats/multiaddr'

/** How a peer is dialled. */
export interface DialOptions {
  /** How long dialling one of several addresses may take, ms. */
  readonly addressTimeout: number
  /** Ends all attempts. */
  readonly signal: AbortSignal
  /** Dials even if there is a connection. */
  readonly force: boolean
  readonly log: Logger
}

interface Failure {
  readonly address: Multiaddr
  readonly why: string
  /** The address did not answer in time, but may still work. */
  readonly slow: boolean
}

/** A second attempt may take this many times as long: a distant peer may need several seconds. */
const SECOND_TRY = 4

/** How many addresses an error names. */
const NAMED = 4

/**
 * Connects to a peer at the first of its addresses that works. Each is dialled in a
 * separate call, in the given order: libp2p would sort a list (loopback last), let one
 * address that never answers use up the time of all, and give up after 25. Addresses that
 * were slow are dialled again if no other works.
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

      // libp2p keeps a dial that was given up until the tick ends, and the next one would join it
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

/** Why a dial failed, in words that help an operator. */
function reason (err: unknown): string {
  // a WebSocket rejects with an event, and browsers give no reason
  if (!(err instanceof Error)) {
    return 'its WebSocket cannot be opened'
  }

  // the peer sent nothing, not even that it does not know the protocol
  if (/stream closed while reading 0\/|ECONNRESET/.test(err.message)) {
    return 'it accepts the connection and hangs up at once, as a kubo does whose Swarm.AddrFilters hold our address'
  }

  return err.message === '' ? err.name : err.message
}

function withPeer (address: Multiaddr, peer: PeerId): Multiaddr {
  return address.getComponents().some(({ name }) => name === 'p2p') ? address : address.encapsulate(`/p2p/${peer.toString()}`)
}
