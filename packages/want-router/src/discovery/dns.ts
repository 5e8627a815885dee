/**
 * @packageDocumentation
 *
 * Nodes behind one name: each of its addresses is a member, and members come and go
 * with the addresses. Node only.
 *
 * @example
 * ```ts
 * wantRouter({ targets: [dns('kubo.internal', ({ host }) => kubo([`http://${host}:5001`]))] })
 * ```
 */
import { lookup } from 'node:dns/promises'
import { InvalidOptionError } from '../errors.ts'
import { pause } from '../pause.ts'
import { withTimeout } from '../targets/timeout.ts'
import { platformTimers } from '../timers.ts'
import type { Discovery, DiscoveryContext } from './discovery.ts'
import type { TargetInit } from '../targets/target.ts'
import type { Timers } from '../timers.ts'
import type { Logger } from '@libp2p/interface'

/** Where one node is. */
export interface DnsNode {
  /** Its IP address. */
  readonly address: string
  /** The same as it stands in a URL: an IPv6 address has brackets. */
  readonly host: string
}

/** How often a name is looked up, and when its nodes leave. */
export interface DnsInit {
  /** Time between two lookups, ms. Default 30,000. */
  readonly interval?: number
  /**
   * How long a node stays that the name no longer has, ms from when it was last named. Some names are answered with a few
   * of their addresses, others each time. Default 300,000: ten lookups.
   */
  readonly keep?: number
  /** How long a lookup may take, ms. Default 5,000. */
  readonly timeout?: number
  /** The most nodes; of more addresses the known ones stay, and the others are left out. Default 64. */
  readonly most?: number
  /** Looks the name up. Default: the system's resolver, with its hosts file and search domains. */
  resolve? (name: string, signal: AbortSignal): Promise<readonly string[]>
  /** Default: the platform's. */
  readonly timers?: Pick<Timers, 'now' | 'after'>
}

/** The defaults of {@link DnsInit}. */
export const DEFAULT_DNS = { interval: 30_000, keep: 300_000, timeout: 5_000, most: 64 } as const

/** Wait before the first lookup after one that failed, ms; it doubles with each that follows, up to the interval. */
const FIRST_RETRY = 1000

/**
 * Nodes behind one name, as a headless service of Kubernetes has them. It is looked
 * up again and again: nodes at new addresses are added, those whose addresses have
 * been gone for a while (`keep`) are drained and removed. A lookup that fails, or finds
 * nothing, changes nothing: a fault of the DNS is not to cost all nodes.
 *
 * @param name - has an A or AAAA record for each node
 * @param target - makes the member for a node; its id has to tell nodes apart, as the URL does that `kubo` takes for it
 * @throws {InvalidOptionError} for a name, a time or a number that is invalid
 */
export function dns (name: string, target: (node: DnsNode) => TargetInit | readonly TargetInit[], init: DnsInit = {}): Discovery {
  const { interval, keep, timeout, most } = { ...DEFAULT_DNS, ...init }
  const { resolve = systemLookup, timers = platformTimers } = init

  if (name.trim() === '') {
    throw new InvalidOptionError('dns: the name is empty')
  }

  for (const [option, value] of Object.entries({ interval, timeout })) {
    if (!(value > 0 && value < Infinity)) {
      throw new InvalidOptionError(`dns: ${option} must be a number of ms above 0, not ${value}`)
    }
  }

  if (!(keep >= 0)) {
    throw new InvalidOptionError(`dns: keep must be a number of ms, 0 or more, not ${keep}`)
  }

  if (!(Number.isInteger(most) && most > 0)) {
    throw new InvalidOptionError(`dns: most must be a whole number of nodes above 0, not ${most}`)
  }

  async function find (signal: AbortSignal): Promise<string[]> {
    const addresses = await withTimeout(async signal => resolve(name, signal), { timers, timeout, signal, what: `looking up ${name}` })

    if (addresses.length === 0) {
      throw new Error(`${name} has no address`)
    }

    return [...new Set(addresses)].sort()
  }

  return {
    name: `dns ${name}`,

    async * discover ({ logger, signal }: DiscoveryContext) {
      const log = logger.forComponent('kitsune:dns')
      const named = createLastNamed(keep)
      let known: readonly string[] = []
      let failures = 0

      while (!signal.aborted) {
        try {
          const addresses = named.found(await find(signal), timers.now())
          const found = bounded(addresses, known, most)
          failures = 0

          if (found.join() !== known.join()) {
            known = found
            log('%s has %d nodes: %s', name, found.length, found.join(', '))

            if (addresses.length > most) {
              log.error('%s has %d addresses, of which only %d become members', name, addresses.length, most)
            }

            yield found.flatMap(address => targetsAt(address, target, log))
          }
        } catch (err) {
          if (!signal.aborted) {
            named.found(known, timers.now())
            // the first failure of an outage is news, the others repeat it
            const report = failures++ === 0 ? log.error : log
            report('%s cannot be looked up, and its %d nodes stay - %e', name, known.length, err)
          }
        }

        await pause(failures === 0 ? interval : Math.min(interval, FIRST_RETRY * 2 ** (failures - 1)), timers, signal)
      }
    }
  }
}

/** Remembers when each address was last found. */
function createLastNamed (keep: number): { found (addresses: readonly string[], now: number): string[] } {
  const last = new Map<string, number>()

  return {
    /** All that have been found for as long as they are kept. */
    found (addresses, now) {
      for (const address of addresses) {
        last.set(address, now)
      }

      for (const [address, at] of last) {
        if (at < now && now - at >= keep) {
          last.delete(address)
        }
      }

      return [...last.keys()].sort()
    }
  }
}

/** At most this many, those that are known first: a name with more addresses does not have its members change all the time. */
function bounded (found: readonly string[], known: readonly string[], most: number): readonly string[] {
  const stay = known.filter(address => found.includes(address))

  return [...stay, ...found.filter(address => !stay.includes(address))].slice(0, most).sort()
}

function targetsAt (address: string, target: (node: DnsNode) => TargetInit | readonly TargetInit[], log: Logger): readonly TargetInit[] {
  try {
    return [target({ address, host: address.includes(':') ? `[${address}]` : address })].flat()
  } catch (err) {
    log.error('no member can be made for %s - %e', address, err)

    return []
  }
}

async function systemLookup (name: string): Promise<string[]> {
  const addresses = await lookup(name, { all: true })

  return addresses.map(({ address }) => address)
}
