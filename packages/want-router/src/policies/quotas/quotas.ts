import { parseIP } from '@chainsafe/is-ip/parse'
import { checkNames, checkNumbers, checkWord } from '../../check-options.ts'
import { InvalidOptionError } from '../../errors.ts'
import { ipNetwork } from '../../ip-network.ts'
import { RecentMap } from '../../recent-map.ts'
import { REFUSALS, VERDICTS } from '../refusal.ts'
import { CAPS, createMeters } from './meter.ts'
import type { Caps, Meter } from './meter.ts'
import type { QuotaStore } from './quota-store.ts'
import type { SourceLike } from '../../targets/source-like.ts'
import type { Ask, Policy, SettledWant, Verdict } from '../policy.ts'
import type { Refusal } from '../refusal.ts'

/** Options of {@link quotas}. */
export interface QuotasInit {
  /** Caps for each peer id. Ids cost nothing: a client that wants more than its cap takes a new one, so cap addresses, too. */
  readonly perClient?: Caps
  /** Caps for each IPv4 address, or network of IPv6 (/64). Clients behind one NAT, or behind a proxy of yours, share it. */
  readonly perAddress?: Caps
  /** Caps for all clients together. */
  readonly total?: Caps
  /** How wants above a cap are refused. Default `silent`, which costs least, and lets the client ask others. */
  readonly atCap?: Refusal
  /** A client that misses this many blocks in a row is disconnected with its next want. Default: never. See {@link Quotas.watch}. */
  readonly maxMisses?: number
  /** For how long it is disconnected whenever it comes back, ms. Default 60,000. */
  readonly dropFor?: number
  /** Counts for several processes together. Default: each counts for itself. */
  readonly store?: QuotaStore
  /** What happens to wants while the store fails. Default `alone`: the process counts as if it were the only one. */
  readonly storeFailure?: 'alone' | 'pass' | Refusal
  /** Called when the store fails. */
  onError? (error: unknown): void
  /** How many clients, and how many addresses, are remembered. Those not seen for longest are forgotten. Default 10,000. */
  readonly maxRemembered?: number
  /** Time since 1970, ms. Default: the platform's. */
  now? (): number
}

/** What a client has asked for. */
export interface ClientUsage {
  readonly asks: number
  readonly hits: number
  readonly misses: number
  readonly missesInARow: number
  readonly blocks: number
  readonly bytes: number
}

/** A policy that bounds what clients may have. */
export interface Quotas extends Policy {
  /** What a client has asked for since it was first seen; undefined if it is not remembered. */
  usage (client: string): ClientUsage | undefined
  /** A source whose answers count as hits and misses of the client that it reads for. */
  watch (source: SourceLike): SourceLike
}

interface ClientRecord {
  asks: number
  hits: number
  misses: number
  missesInARow: number
  blocks: number
  bytes: number
  /** Until when it is disconnected. */
  droppedUntil: number
  address?: AddressRecord
  readonly meters: readonly Meter[]
}

interface AddressRecord { readonly meters: readonly Meter[] }

const DEFAULT_REMEMBERED = 10_000
const DEFAULT_DROP = 60_000

/**
 * A policy with caps for each client, for each address and for all, per hour and day. Blocks and bytes are counted when they
 * have been sent, so a client may get up to a wantlist more than its cap.
 *
 * @throws {InvalidOptionError} for an invalid store, or an option or a cap that does not exist or is invalid
 */
export function quotas (init: QuotasInit): Quotas {
  checkQuotas(init)
  const { perClient = {}, perAddress = {}, total = {}, maxMisses = Infinity, dropFor = DEFAULT_DROP, maxRemembered = DEFAULT_REMEMBERED } = init

  return new QuotaPolicy({ ...init, perClient, perAddress, total, maxMisses, dropFor, maxRemembered })
}

const OPTIONS: Readonly<Record<keyof QuotasInit, true>> = {
  perClient: true,
  perAddress: true,
  total: true,
  atCap: true,
  maxMisses: true,
  dropFor: true,
  store: true,
  storeFailure: true,
  onError: true,
  maxRemembered: true,
  now: true
}

function checkQuotas (init: QuotasInit): void {
  checkNames('quotas: ', init, Object.keys(OPTIONS))
  const { perClient, perAddress, total, maxMisses, dropFor, maxRemembered, atCap, storeFailure, store } = init

  for (const [name, caps] of Object.entries({ perClient, perAddress, total })) {
    checkNumbers(`quotas: ${name}.`, caps, CAPS)
  }

  checkNumbers<'maxMisses' | 'dropFor' | 'maxRemembered'>('quotas: ', { maxMisses, dropFor, maxRemembered }, { maxMisses: true, dropFor: true, maxRemembered: true })
  checkWord('quotas: atCap', atCap, REFUSALS)
  checkWord('quotas: storeFailure', storeFailure, ['alone', ...VERDICTS])

  if (store !== undefined && typeof store?.take !== 'function') {
    throw new InvalidOptionError('quotas: store must have a function take, as memoryQuotaStore() has')
  }
}

type FilledInit = QuotasInit & Required<Pick<QuotasInit, 'perClient' | 'perAddress' | 'total' | 'maxMisses' | 'dropFor' | 'maxRemembered'>>

class QuotaPolicy implements Quotas {
  readonly name = 'quotas'
  readonly #init: FilledInit
  readonly #now: () => number
  readonly #clients: RecentMap<string, ClientRecord>
  readonly #addresses: RecentMap<string, AddressRecord>
  readonly #total: readonly Meter[]

  constructor (init: FilledInit) {
    this.#init = init
    this.#now = init.now ?? Date.now
    this.#clients = new RecentMap(init.maxRemembered)
    this.#addresses = new RecentMap(init.maxRemembered)
    this.#total = createMeters('total', init.total, init.store)
  }

  admit (ask: Ask): Verdict | 'defer' {
    const client = this.#clientOf(ask)
    client.asks++

    return client.droppedUntil > this.#now() ? 'close' : this.#verdict(client)
  }

  async resolve (asks: readonly Ask[], signal: AbortSignal): Promise<readonly Verdict[]> {
    const client = this.#clientOf(asks[0])
    let verdict = this.#verdict(client)

    // while the store is asked, wants that were passed before may use up the lease, and the hour may end
    while (verdict === 'defer') {
      verdict = await this.#lease(client, signal) ?? this.#verdict(client)
    }

    return asks.map(() => verdict)
  }

  settled ({ client: id, outcome, bytes }: SettledWant): void {
    const client = this.#clients.get(id)

    if (outcome === 'block' && client != null) {
      client.blocks++
      client.bytes += bytes
      this.#metersOf(client).forEach(meter => { meter.use(meter.unit === 'blocks' ? 1 : bytes, this.#now()) })
    }
  }

  usage (id: string): ClientUsage | undefined {
    const client = this.#clients.get(id)

    return client == null ? undefined : { asks: client.asks, hits: client.hits, misses: client.misses, missesInARow: client.missesInARow, blocks: client.blocks, bytes: client.bytes }
  }

  watch (source: SourceLike): SourceLike {
    const { complete, get, stat, getMany, has, offer } = source

    const answered = <R>(session: string, result: R): R => {
      this.#answered(session, result != null)

      return result
    }

    const each = async function * (results: ReturnType<NonNullable<SourceLike['getMany']>>, session: string): ReturnType<NonNullable<SourceLike['getMany']>> {
      for await (const result of results) {
        if (result.error == null) {
          answered(session, result.bytes)
        }

        yield result
      }
    }

    return {
      complete,
      get: async (cid, options) => answered(options.session, await get.call(source, cid, options)),
      ...(stat == null ? {} : { stat: async (cid, options) => answered(options.session, await stat.call(source, cid, options)) }),
      ...(getMany == null ? {} : { getMany: (cids, options) => each(getMany.call(source, cids, options), options.session) }),
      ...(has == null ? {} : { has: async (cid, options) => answered(options.session, await has.call(source, cid, options) ? true : undefined) === true }),
      ...(offer == null ? {} : { offer: async block => offer.call(source, block) })
    }
  }

  /** Takes a lease for each meter that needs one. Returns a verdict if the store fails, unless the process counts alone then. */
  async #lease (client: ClientRecord, signal: AbortSignal): Promise<'pass' | Refusal | undefined> {
    const needy = (): Meter[] => this.#metersOf(client).filter(meter => meter.state(this.#now()) === 'lease')
    signal.throwIfAborted()

    try {
      await Promise.all(needy().map(async meter => meter.lease(this.#now(), signal)))
    } catch (err) {
      signal.throwIfAborted()
      this.#init.onError?.(err)
      const { storeFailure = 'alone' } = this.#init

      if (storeFailure !== 'alone') {
        return storeFailure
      }

      needy().forEach(meter => { meter.standAlone(this.#now()) })
    }
  }

  #answered (id: string, hit: boolean): void {
    const client = this.#clients.get(id)

    if (client == null) {
      return
    }

    client.hits += hit ? 1 : 0
    client.misses += hit ? 0 : 1
    client.missesInARow = hit ? 0 : client.missesInARow + 1

    if (client.missesInARow >= this.#init.maxMisses) {
      client.droppedUntil = this.#now() + this.#init.dropFor
      client.missesInARow = 0
    }
  }

  #verdict (client: ClientRecord): 'pass' | 'defer' | Refusal {
    const now = this.#now()
    const states = this.#metersOf(client).map(meter => meter.state(now))

    if (states.includes('spent')) {
      return this.#init.atCap ?? 'silent'
    }

    return states.includes('lease') ? 'defer' : 'pass'
  }

  #metersOf ({ meters, address }: ClientRecord): Meter[] {
    return [...meters, ...address?.meters ?? [], ...this.#total]
  }

  #clientOf ({ client: id, address }: Ask): ClientRecord {
    const client = this.#clients.get(id) ?? {
      asks: 0, hits: 0, misses: 0, missesInARow: 0, blocks: 0, bytes: 0, droppedUntil: 0, meters: createMeters(`client/${id}`, this.#init.perClient, this.#init.store)
    }
    this.#clients.set(id, client)
    client.address = this.#addressOf(address)

    return client
  }

  #addressOf (address: string | undefined): AddressRecord | undefined {
    const network = address == null ? undefined : networkOf(address)

    if (network == null) {
      return undefined
    }

    const record = this.#addresses.get(network) ?? { meters: createMeters(`address/${network}`, this.#init.perAddress, this.#init.store) }
    this.#addresses.set(network, record)

    return record
  }
}

function networkOf (address: string): string | undefined {
  const [, host] = /^\/ip[46]\/([^/]+)/.exec(address) ?? []
  const bytes = host == null ? undefined : parseIP(host)

  return bytes == null ? undefined : ipNetwork(bytes)
}
