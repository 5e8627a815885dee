import { isIdentity, wantKey } from '@kitsune/bitswap-codec'
import { cidText } from '../scenario/blocks.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'
import type { Limits } from '@kitsune/want-router'
import type { Input, WantEnd } from '@kitsune/want-router/engine'

type Outcome = WantEnd['outcome']

/**
 * What an input means for one CID of one client. After `ask` it is wanted, after
 * `close` it is not; `may`: it may end, with one of these outcomes; `doubt`: that,
 * and it may be suspended or not. `block`: it is served, if it can be.
 */
export interface EndEvent {
  readonly t: 'ask' | 'close' | 'may' | 'doubt' | 'suspend' | 'resume'
  readonly outcomes: readonly Outcome[]
  /** A full wantlist: suspended wants end, and start over. */
  readonly full?: boolean
  /** How often the message names it. Default 1. */
  readonly times?: number
  /** The list is too long, so that this may have been cut off. */
  readonly cut?: boolean
  readonly block?: { readonly member: string, readonly bytes: number }
  /** Which input, and when, ms. */
  readonly input: number
  readonly at: number
}

/** One CID that a client wants, or may want. */
export interface WantedCid {
  readonly client: string
  readonly cid: Uint8Array
  readonly key: WantKey
  /** As of the last flush. `unknown`: the events within one flush can be read in several ways. */
  state: 'absent' | 'open' | 'suspended' | 'unknown'
  /** The connection on which it was wanted last; undefined: not known. */
  connection: number | undefined
  /** When the want began, ms; undefined: not known. */
  begunAt: number | undefined
  /** When it was asked for last, ms, at the earliest: of a list that is too long not all renews what is there. */
  askedAt: number
  /** Undefined if the message had several entries for it. */
  sendDontHave: boolean | undefined
  /** The client took a HAVE since it began, or a DONT_HAVE since it asked last. */
  gotHave: boolean
  gotDontHave: boolean
  /** The events since the last flush, and the reported ends. */
  events: EndEvent[]
  ends: WantEnd[]
}

// the outcomes of wants that end by their client or by time
const CANCELLED: readonly Outcome[] = ['cancelled', 'have', 'dont-have']
const GONE: readonly Outcome[] = ['gone', 'have', 'dont-have']
const EVICTED: readonly Outcome[] = ['evicted', 'have', 'dont-have']
const EXPIRED: readonly Outcome[] = ['expired', 'have', 'dont-have']

/** Works out from the inputs which wants begin, may end and must end, without using code of the engine. */
export class EndModel {
  readonly #limits: Limits
  readonly #now: () => number
  readonly #clients = new Map<string, Map<string, WantedCid>>()
  readonly #byKey = new Map<WantKey, Set<WantedCid>>()
  /** Connected clients. */
  readonly #present = new Set<string>()
  /** Those with an event, or a reported end, since the last flush. */
  readonly touched = new Set<WantedCid>()
  /** How often CIDs that contain their block were asked for, at least and at most: each is answered at once, except those cut off a list that is too long. */
  readonly identities = new Map<string, { least: number, most: number }>()
  #draining = false
  #inputs = 0

  constructor (limits: Limits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  * all (): Iterable<WantedCid> {
    for (const wanted of this.#clients.values()) {
      yield * wanted.values()
    }
  }

  find (client: string, cid: Uint8Array): WantedCid | undefined {
    return this.#clients.get(client)?.get(cidText(cid))
  }

  input (input: Input): void {
    this.#inputs++

    switch (input.t) {
      case 'message':
        this.#message(input.client, input.wants, input.full, input.connection)
        break
      case 'connection':
        this.#connection(input.client, input.connection, input.is)
        break
      case 'gone':
        this.#present.delete(input.client)
        this.#each(input.client, () => true, 'close', GONE)
        break
      case 'block':
        for (const one of this.#byKey.get(input.key) ?? []) {
          this.#happens(one, 'may', ['block'], { block: { member: input.member, bytes: input.bytes.byteLength } })
        }

        break
      case 'tick':
        this.#tick()
        break
      case 'drain':
        this.#draining = true
        break
      default:
    }
  }

  /** Forgets wants that have been checked and no longer exist. */
  settled (one: WantedCid): void {
    one.events = []
    one.ends = []

    if (one.state === 'absent') {
      const wanted = this.#clients.get(one.client)
      wanted?.delete(cidText(one.cid))

      if (wanted?.size === 0) {
        this.#clients.delete(one.client)
      }

      const same = this.#byKey.get(one.key)
      same?.delete(one)

      if (same?.size === 0) {
        this.#byKey.delete(one.key)
      }
    }
  }

  #message (client: string, entries: readonly WantEntry[], full: boolean, connection: number | undefined): void {
    if (this.#draining && !this.#present.has(client)) {
      return
    }

    this.#present.add(client)
    const last = lastWords(entries)
    const asked = new Map<string, WantEntry[]>()

    for (const entry of last) {
      const one = entry.cancel ? this.find(client, entry.cid) : undefined

      if (one != null) {
        this.#happens(one, 'close', CANCELLED)
      }

      if (!entry.cancel && wantKey(entry.cid) != null) {
        const text = cidText(entry.cid)
        asked.set(text, [...asked.get(text) ?? [], entry])
      }
    }

    const cut = last.filter(({ cancel }) => !cancel).length > this.#limits.wantsPerClient

    if (full) {
      this.#each(client, one => !asked.has(cidText(one.cid)), 'close', CANCELLED)
    }

    for (const [text, named] of asked) {
      const [{ cid, sendDontHave }] = named

      if (isIdentity(cid)) {
        const id = `${client} ${text}`
        const { least, most } = this.identities.get(id) ?? { least: 0, most: 0 }
        this.identities.set(id, { least: least + (cut ? 1 : named.length), most: most + named.length })
      } else {
        const one = this.#ask(client, cid, { full, cut, times: named.length })
        one.connection = cut ? undefined : connection
        one.askedAt = cut ? one.askedAt : this.#now()
        one.sendDontHave = cut || named.length > 1 ? undefined : sendDontHave
      }
    }

    if (cut || (this.#clients.get(client)?.size ?? 0) > this.#limits.wantsPerClient) {
      this.#each(client, () => true, 'may', EVICTED)
      this.#each(client, one => asked.has(cidText(one.cid)), 'may', ['refused'])
    }
  }

  #ask (client: string, cid: Uint8Array, how: Required<Pick<EndEvent, 'full' | 'cut' | 'times'>>): WantedCid {
    const one = this.find(client, cid) ?? this.#add(client, cid)
    this.#happens(one, 'ask', how.full ? CANCELLED : [], how)
    one.gotDontHave = false

    return one
  }

  #add (client: string, cid: Uint8Array): WantedCid {
    const now = this.#now()
    const one: WantedCid = {
      client,
      cid,
      key: wantKey(cid) ?? '',
      state: 'absent',
      connection: undefined,
      begunAt: now,
      askedAt: now,
      sendDontHave: undefined,
      gotHave: false,
      gotDontHave: false,
      events: [],
      ends: []
    }
    const wanted = this.#clients.get(client) ?? new Map<string, WantedCid>()
    this.#clients.set(client, wanted.set(cidText(cid), one))
    const same = this.#byKey.get(one.key) ?? new Set<WantedCid>()
    this.#byKey.set(one.key, same.add(one))

    return one
  }

  #connection (client: string, connection: number, is: Extract<Input, { t: 'connection' }>['is']): void {
    const there = (one: WantedCid): boolean => one.connection === connection && !mayHaveBeenRefused(one)
    const maybe = (one: WantedCid): boolean => one.connection == null || mayHaveBeenRefused(one)

    if (is === 'silent') {
      this.#each(client, there, 'suspend', [])
      this.#each(client, there, 'may', EVICTED)
      this.#each(client, maybe, 'doubt', EVICTED)
    } else if (is === 'heard') {
      this.#each(client, there, 'resume', [])
      this.#each(client, there, 'may', EVICTED)
      this.#each(client, maybe, 'doubt', EVICTED)
    } else {
      this.#each(client, there, 'close', GONE)
      this.#each(client, maybe, 'doubt', GONE)
    }
  }

  #tick (): void {
    const before = this.#now() - this.#limits.wantLifetime

    for (const one of this.all()) {
      if (one.askedAt <= before) {
        this.#happens(one, 'may', EXPIRED)
      }
    }
  }

  #each (client: string, which: (one: WantedCid) => boolean, t: EndEvent['t'], outcomes: readonly Outcome[]): void {
    for (const one of this.#clients.get(client)?.values() ?? []) {
      if (which(one)) {
        this.#happens(one, t, outcomes)

        if (t === 'resume' && one.state === 'suspended') {
          one.askedAt = this.#now()
        }
      }
    }
  }

  #happens (one: WantedCid, t: EndEvent['t'], outcomes: readonly Outcome[], more: Pick<EndEvent, 'full' | 'cut' | 'times' | 'block'> = {}): void {
    one.events.push({ t, outcomes, ...more, input: this.#inputs, at: this.#now() })
    this.touched.add(one)
  }
}

/** It was suspended and was asked for again since the last flush: if there was no place for it, it stays suspended, on the connection of before. */
function mayHaveBeenRefused ({ state, events }: WantedCid): boolean {
  return state === 'suspended' && events.some(({ t, full }) => t === 'ask' && full !== true)
}

/** In a message with cancels the last entry for each CID counts, as in boxo, whose messages cannot have two. */
function lastWords (entries: readonly WantEntry[]): readonly WantEntry[] {
  return entries.some(({ cancel }) => cancel) ? [...new Map(entries.map(entry => [cidText(entry.cid), entry])).values()] : entries
}
