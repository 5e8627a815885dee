import { checkWord } from '../../check-options.ts'
import { AccessListError } from '../../errors.ts'
import { parseAddress } from '../../http/trusted-proxies.ts'
import { RecentMap } from '../../recent-map.ts'
import { checkLists, ReloadedLists } from '../lists/reloaded-lists.ts'
import { REFUSALS, VERDICTS } from '../refusal.ts'
import { parseAccessRules } from './access-rules.ts'
import type { ListsInit } from '../lists/reloaded-lists.ts'
import type { Ask, Policy } from '../policy.ts'
import type { Refusal } from '../refusal.ts'
import type { AccessRules } from './access-rules.ts'

/** Options of {@link accessList}. */
export interface AccessListInit extends ListsInit {
  /** How the wants of a client that may not ask are refused. Default `close`: its connections are closed. */
  readonly deniedClient?: Refusal
  /** How a want for a block that must not be served is refused. Default `absent`, so that clients ask others. */
  readonly deniedBlock?: Refusal
  /** What happens to all wants until each list has been read once. Default `unknown` */
  readonly unavailable?: 'pass' | Refusal
  /** Called when a list cannot be read or has malformed lines. The rules that were read before stay in force. */
  onError? (error: Error): void
}

/** A policy that lets through the wants of some clients, or for some blocks. */
export interface AccessList extends Policy {
  /** How many rules the lists have. */
  readonly rules: number
  /** Whether each list has ever been read. */
  readonly loaded: boolean
  /** Reads the lists now and then at intervals. Resolves when each has been tried; call it before the router starts. */
  start (): Promise<void>
  /** Reads the lists now. Never rejects: see `onError`. */
  refresh (): Promise<void>
  /** Stops reading. */
  stop (): void
}

const OPTIONS: Readonly<Record<keyof AccessListInit, true>> = { lists: true, interval: true, timers: true, deniedClient: true, deniedBlock: true, unavailable: true, onError: true }

/** How many clients' decisions are remembered. */
const REMEMBERED = 10_000

/**
 * A policy by lists of clients and CIDs, which are read again when they change: see `parseAccessRules`. A want has to be allowed by
 * all lists.
 *
 * @throws {InvalidOptionError} there is no list, or two of one name, or an option does not exist or is invalid
 */
export function accessList (init: AccessListInit): AccessList {
  checkLists('accessList: ', init, Object.keys(OPTIONS))
  checkWord('accessList: deniedClient', init.deniedClient, REFUSALS)
  checkWord('accessList: deniedBlock', init.deniedBlock, REFUSALS)
  checkWord('accessList: unavailable', init.unavailable, VERDICTS)

  const { deniedClient = 'close', deniedBlock = 'absent', unavailable = 'unknown', onError } = init
  let clients = new RecentMap<string, { readonly address: string | undefined, readonly allowed: boolean }>(REMEMBERED)
  const rules = (): AccessRules[] => lists.all.flatMap(({ parsed }) => parsed ?? [])

  const lists = new ReloadedLists<AccessRules>({
    ...init,
    parse: async text => parseAccessRules(text),
    check: ({ malformed, firstMalformed }) => malformed === 0 ? undefined : `${malformed} lines are not rules; line ${firstMalformed} is the first`,
    report: (name, why, cause) => { onError?.(new AccessListError(`access list ${name}: ${why}`, { cause })) },
    changed: () => { clients = new RecentMap(REMEMBERED) }
  })

  /** Remembered, since networks are compared one by one. */
  function mayAsk ({ client, address }: Ask): boolean {
    const known = clients.get(client)

    if (known != null && known.address === address) {
      return known.allowed
    }

    const ip = addressOf(client, address)
    const allowed = rules().every(each => each.allowsClient(client, ip))
    clients.set(client, { address, allowed })

    return allowed
  }

  return {
    name: 'access-list',
    get rules () { return rules().reduce((sum, { size }) => sum + size, 0) },
    get loaded () { return lists.loaded },

    admit (ask) {
      if (!lists.loaded) {
        return unavailable
      }

      if (!mayAsk(ask)) {
        return deniedClient
      }

      return rules().every(each => each.allowsBlock(ask.key)) ? 'pass' : deniedBlock
    },

    start: async () => lists.start(),
    refresh: async () => lists.refresh(),
    stop: () => { lists.stop() }
  }
}

/** The IP address in a multiaddr, or in the name of a client over HTTP, whose IPv6 address is known as a network. */
function addressOf (client: string, address: string | undefined): Uint8Array | undefined {
  const [, ip] = /^\/ip[46]\/([^/]+)/.exec(address ?? '') ?? /^http:([^/]+)/.exec(client) ?? []

  return ip == null ? undefined : parseAddress(ip)
}
