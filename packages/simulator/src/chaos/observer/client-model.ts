import { isIdentity, wantKey } from '@kitsune/bitswap-codec'
import { cidText } from '../scenario/blocks.ts'
import { EvictionModel } from './eviction.ts'
import { observedClient } from './observed-client.ts'
import type { MemberModel } from './member-model.ts'
import type { ObservedClient, ObservedWant } from './observed-client.ts'
import type { WantModel } from './want-model.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'
import type { Limits } from '@kitsune/want-router'
import type { Input, WantEnd } from '@kitsune/want-router/engine'

/** The model of clients and their wants. */
export class ClientModel {
  readonly wants: WantModel
  readonly #evictions: EvictionModel
  readonly #now: () => number
  readonly #clients = new Map<string, ObservedClient>()
  /** Clients that came during a drain: the next flush must close them. */
  readonly #refused = new Set<string>()
  /** The member that has a peer id. */
  readonly #memberOf = new Map<string, string>()
  /** The peers that clients say they stand for. */
  readonly #standsFor = new Map<string, string>()
  /** Clients that have left since the last flush. */
  readonly #left = new Set<string>()
  #draining = false

  constructor (wants: WantModel, members: MemberModel, limits: Limits, now: () => number) {
    this.wants = wants
    this.#evictions = new EvictionModel(wants, members, limits)
    this.#now = now
  }

  get size (): number { return this.#clients.size }

  get refused (): ReadonlySet<string> { return this.#refused }

  find (id: string): ObservedClient | undefined {
    return this.#clients.get(id)
  }

  all (): Iterable<ObservedClient> {
    return this.#clients.values()
  }

  /** Called after the engine has got the input; `evicted`: how many wants it has evicted since. */
  input (input: Input, evicted: number): void {
    switch (input.t) {
      case 'message':
        this.#message(input.client, input.wants, input.full, input.connection, evicted)
        break
      case 'connection':
        this.#connection(input.client, input.connection, input.is, evicted)
        break
      case 'gone':
        this.#gone(input.client)
        break
      case 'stands-for':
        this.#standsFor.set(input.client, input.of)
        this.#identify(input.client)
        break
      case 'up':
        if (input.peer != null) {
          this.#memberIs(input.member, input.peer)
        }

        break
      case 'remove':
        this.#memberIsNot(input.member)
        break
      case 'drain':
        this.#draining = true
        break
      default:
    }
  }

  /** Called with the ends that the flush reports. */
  ended (ends: readonly WantEnd[]): void {
    this.#evictions.ended(ends)
  }

  /** Called after the rest of the flush. */
  flushed (): void {
    this.#left.clear()
    this.#evictions.flushed()
  }

  /** True if it came during a drain and had not been closed. */
  closed (id: string): boolean {
    return this.#refused.delete(id)
  }

  #message (id: string, entries: readonly WantEntry[], full: boolean, connection: number | undefined, evicted: number): void {
    let client = this.#clients.get(id)

    if (client == null) {
      if (this.#draining) {
        this.#refused.add(id)

        return
      }

      client = observedClient(id, this.#now())
      this.#clients.set(id, client)
      this.#identify(id)

      if (this.#left.has(id)) {
        this.#evictions.confuse(client) // ends of its earlier wants are reported under that name
      }
    }

    this.wants.message()
    const suspended = [...client.suspended.values()]

    if (full) {
      client.suspended.clear() // those of them that it names start over
    }

    const named = this.#enter(client, entries, connection)
    this.#evictions.message(client, entries, full)

    if (full) {
      for (const want of [...client.wants.values()]) {
        if (!named.has(want)) {
          this.wants.end(want)
        }
      }
    }

    if (evicted > 0) {
      this.#evictions.evicted({ client, entries, full, count: evicted })

      for (const want of named) {
        want.connection = undefined
      }

      // wants that were named while the list was full may stay suspended
      for (const want of full ? [] : suspended) {
        if (!entries.some(({ cid, cancel }) => cancel && cidText(cid) === cidText(want.cid))) {
          client.suspended.set(cidText(want.cid), want)
        }
      }
    }
  }

  #enter (client: ObservedClient, entries: readonly WantEntry[], connection: number | undefined): ReadonlySet<ObservedWant> {
    const named = new Set<ObservedWant>()

    for (const entry of lastWords(entries)) {
      const text = cidText(entry.cid)
      const key = wantKey(entry.cid)

      if (key == null) {
        continue
      }

      if (entry.cancel) {
        const want = client.wants.get(text)

        if (want != null) {
          this.wants.end(want)
        }

        client.suspended.delete(text)
      } else if (isIdentity(entry.cid)) {
        client.maybeCopies.set(text, (client.maybeCopies.get(text) ?? 0) + 1)
      } else {
        named.add(this.wants.ask(client, key, entry, connection))
      }
    }

    return named
  }

  #connection (id: string, connection: number, is: Extract<Input, { t: 'connection' }>['is'], evicted: number): void {
    const client = this.#clients.get(id)

    if (client == null) {
      return
    }

    const wants = [...client.wants.values()].filter(want => want.connection === connection)
    const suspended = [...client.suspended.values()].filter(want => want.connection === connection)
    const unknown = [...client.wants.values()].filter(want => want.connection == null)
    unsure(unknown)
    this.#evictions.confuse(client)

    if (is === 'silent') {
      wants.forEach(want => { this.wants.suspend(want) })
      unsure(evicted > 0 ? client.suspended.values() : [])
    } else if (is === 'heard') {
      suspended.forEach(want => { this.wants.resume(want) })
      unknown.forEach(want => { want.askedAt = this.#now() })
      unsure(evicted > 0 ? suspended : [])
    } else {
      wants.forEach(want => { this.wants.end(want) })
      suspended.forEach(want => { client.suspended.delete(cidText(want.cid)) })
    }
  }

  #gone (id: string): void {
    const client = this.#clients.get(id)
    this.#clients.delete(id)
    this.#left.add(id)
    this.#refused.delete(id)
    this.#standsFor.delete(id)

    for (const want of [...client?.wants.values() ?? []]) {
      this.wants.end(want)
    }
  }

  /** Called when a member has come up as that peer. */
  #memberIs (member: string, peer: string): void {
    for (const [id, known] of this.#memberOf) {
      if (known === member) {
        this.#memberOf.delete(id)
      }
    }

    this.#memberOf.set(peer, member)
    this.#identify(peer)

    for (const [id, of] of this.#standsFor) {
      if (of === peer) {
        this.#identify(id)
      }
    }
  }

  /** Called when a member was removed. */
  #memberIsNot (member: string): void {
    for (const [id, known] of this.#memberOf) {
      if (known === member) {
        this.#memberOf.delete(id)
      }
    }

    for (const client of this.#clients.values()) {
      client.member = client.member === member ? undefined : client.member
    }
  }

  #identify (id: string): void {
    const client = this.#clients.get(id)
    const member = this.#memberOf.get(this.#standsFor.get(id) ?? id)

    if (client != null && member != null) {
      client.member = member
    }
  }
}

function unsure (wants: Iterable<ObservedWant>): void {
  for (const want of wants) {
    want.sure = false
    want.havesTaken = 0
  }
}

/** In a message with cancels the last entry for each CID counts, as in boxo, whose messages cannot have two. */
function lastWords (entries: readonly WantEntry[]): Iterable<WantEntry> {
  return entries.some(({ cancel }) => cancel) ? new Map(entries.map(entry => [cidText(entry.cid), entry])).values() : entries
}
