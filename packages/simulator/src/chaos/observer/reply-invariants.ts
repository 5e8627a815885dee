import { allBytesBound, clientBytesBound } from '../bounds.ts'
import { broken } from '../errors.ts'
import { cidText, printCid, printKey, receivedCid } from '../scenario/blocks.ts'
import type { ClientModel } from './client-model.ts'
import type { MemberModel } from './member-model.ts'
import type { ObservedClient, ObservedWant } from './observed-client.ts'
import type { WantModel } from './want-model.ts'
import type { Outgoing, WantKey } from '@kitsune/bitswap-codec'
import type { Limits } from '@kitsune/want-router'
import type { EngineStatus, Totals } from '@kitsune/want-router/engine'

/** What the engine counted since it was looked at last. */
export type Gains = Pick<Totals, 'evicted' | 'blocksSent' | 'copiesLost' | 'dontHavesSent'>

/** What may be said and sent to clients. */
export class ReplyInvariants {
  readonly #limits: Limits
  readonly #members: MemberModel
  readonly #clients: ClientModel
  readonly #wants: WantModel
  readonly #now: () => number
  /** The largest block that came, bytes. */
  #largest = 0

  constructor (clients: ClientModel, members: MemberModel, limits: Limits, now: () => number) {
    this.#clients = clients
    this.#wants = clients.wants
    this.#members = members
    this.#limits = limits
    this.#now = now
  }

  /** A block has come: what waits for it for certain gets a copy, and nothing gets one that does not wait. */
  block (key: WantKey, size: number, { blocksSent, copiesLost }: Gains): void {
    this.#largest = Math.max(this.#largest, size)
    const { certain, possible } = this.#waiting(key, size)
    const all = [...certain, ...possible]

    if (copiesLost > 0) {
      // one that lost its copy is queued again, and its place in the order is not known any more
      all.forEach(want => { want.message = NaN })
    }

    if (blocksSent > all.length) {
      broken('address', `${blocksSent} copies of ${printKey(key)} are queued, ${all.length} wait for it`)
    }

    if (blocksSent < certain.length - copiesLost) {
      broken('lost', `${certain.length} wait for ${printKey(key)}, and ${blocksSent} get a copy`)
    }

    if (blocksSent === all.length) {
      for (const want of all) {
        count(want.client.copies, cidText(want.cid), 1)
        want.client.unsent += size
        this.#wants.end(want)
      }
    } else if (blocksSent > 0) {
      for (const want of all) {
        count(want.client.maybeCopies, cidText(want.cid), 1)
        want.maybeServed = true
      }
    }

    this.#expectBounded()
  }

  #waiting (key: WantKey, size: number): { certain: ObservedWant[], possible: ObservedWant[] } {
    const certain: ObservedWant[] = []
    const possible: ObservedWant[] = []

    for (const want of this.#wants.of(key)) {
      const sure = this.#wants.sure(want)

      if (want.type === 'block' && sure) {
        certain.push(want)
      } else if (!this.#wants.overdue(want) && (want.type === 'block' || size <= this.#limits.inlineBlock || !sure)) {
        possible.push(want)
      }
    }

    return { certain, possible }
  }

  #expectBounded (): void {
    for (const { id, unsent, reads } of this.#clients.all()) {
      const most = clientBytesBound(this.#limits, reads, this.#largest)

      if (unsent > most) {
        broken('memory', `${unsent} bytes wait unsent for ${id}, its window and what was on its way hold ${most}`)
      }
    }
  }

  /** The number of DONT_HAVEs that were queued: at most as many wants may be told so now. */
  dontHavesQueued (count: number): void {
    let allowed = 0

    for (const [key, waiting] of this.#wants.byKey()) {
      for (const want of waiting) {
        const { member } = want.client

        if (this.#members.certain(key, id => id === member || this.#wants.onlyWantedBy(key, id))) {
          want.dontHaveWasRight = true
          // each ask may be answered
          allowed += want.sendDontHave ? want.asks : 0
        }
      }
    }

    if (allowed < count) {
      broken('dont-have', `${count} DONT_HAVEs are queued, and all members are certain of what was asked for ${allowed} times`)
    }
  }

  take (id: string, message: Outgoing | undefined): void {
    const client = this.#clients.find(id)

    if (client == null) {
      if (message != null) {
        broken('gone', `${id} has left, and there is a message for it`)
      }

      return
    }

    if (message == null) {
      this.#takenAll(client)

      return
    }

    client.reads = true
    client.readAt = this.#now()

    for (const { cid, have } of message.presences ?? []) {
      this.#takenPresence(client, cid, have)
    }

    for (const { prefix, data } of message.blocks ?? []) {
      this.#takenBlock(client, receivedCid(prefix, data), data.byteLength)
    }
  }

  #takenAll (client: ObservedClient): void {
    for (const [cid] of client.copies) {
      broken('lost', `everything was taken for ${client.id}, but not the block that was queued for it (CID of ${cid.length} bytes)`)
    }

    client.ended.clear()
    client.maybeCopies.clear()

    for (const want of client.wants.values()) {
      want.maybeServed = false
    }
  }

  #takenBlock (client: ObservedClient, cid: Uint8Array, size: number): void {
    const text = cidText(cid)

    if ((client.copies.get(text) ?? 0) > 0) {
      count(client.copies, text, -1)
      client.unsent -= size

      return
    }

    const maybe = client.maybeCopies.get(text) ?? 0

    if (maybe === 0) {
      broken(client.ended.has(text) ? 'copies' : 'address', `${client.id} gets the block ${printCid(cid)}, ${client.wants.has(text) ? 'which no member had sent since it asked' : 'which it does not want'}`)
    }

    count(client.maybeCopies, text, -1)
    const want = client.wants.get(text)

    if (want?.maybeServed === true) {
      want.maybeServed = false

      if (maybe > 1) {
        want.sure = false // it may have been an earlier one's
      } else if (want.sure) {
        this.#wants.end(want)
      }
    }
  }

  #takenPresence (client: ObservedClient, cid: Uint8Array, have: boolean): void {
    const want = client.wants.get(cidText(cid))
    const what = `${client.id} gets ${have ? 'HAVE' : 'DONT_HAVE'} ${printCid(cid)}`

    if (want == null) {
      broken('address', `${what}, which it does not ask for`)
    }

    want.answered = true

    if (!have) {
      this.#expectDontHave(want, what)

      return
    }

    want.havesTaken++

    if (!this.#members.affirmed(want.key)) {
      broken('have', `${what}, which no member has claimed to have`)
    }
  }

  #expectDontHave (want: ObservedWant, what: string): void {
    want.dontHavesTaken++

    if (want.havesTaken > 0 && want.sure) {
      broken('have', `${what} after a HAVE`)
    }

    if (!want.sendDontHave) {
      broken('dont-have', `${what}, and did not want to be told`)
    }

    if (!want.dontHaveWasRight) {
      broken('dont-have', `${what}, and at no time since it asked were all members certain`)
    }

    if (want.sure && want.dontHavesTaken > want.asks) {
      broken('dont-have', `${what} for the ${want.dontHavesTaken}th time, having asked ${want.asks} times`)
    }
  }

  /** A client is closed: it came while draining, or takes nothing of what waits for it. */
  closed (id: string): void {
    const client = this.#clients.find(id)
    const unread = this.#now() - (client?.readAt ?? Infinity)

    if (!this.#clients.closed(id) && !(unread >= this.#limits.unreadTimeout)) {
      broken('drain', `${id} is closed, had not come while draining, and took something within ${this.#limits.unreadTimeout} ms`)
    }
  }

  flushed (): void {
    for (const id of this.#clients.refused) {
      broken('drain', `${id} came while draining and is not closed`)
    }
  }

  /** The engine's own sums, against what can be there. */
  status (status: EngineStatus): void {
    const { clients, wants, fetches, active, unsent } = status
    const { least, most, overdue, leastFetches, mostFetches } = this.#wants.tally()

    if (clients !== this.#clients.size) {
      broken('gone', `the router keeps ${clients} clients, there are ${this.#clients.size}`)
    }

    if (wants < least || fetches < leastFetches) {
      const live = [...this.#wants.live()].slice(0, 10).map(({ client, cid }) => `${client.id} ${printCid(cid)}`)
      broken('lost', `${least} wants for ${leastFetches} blocks are alive, the router keeps ${wants} for ${fetches}: ${live.join(', ')}`)
    }

    if (wants > most || fetches > mostFetches) {
      broken(wants <= most + overdue && overdue > 0 ? 'lifetime' : 'gone', `the router keeps ${wants} wants for ${fetches} blocks, ${most} for ${mostFetches} can be alive`)
    }

    if (clients === 0 && unsent !== 0) {
      broken('gone', `${unsent} bytes wait unsent, and there are no clients`)
    }

    const mostUnsent = allBytesBound(this.#limits, this.#largest, wants)

    if (unsent > mostUnsent) {
      broken('memory', `${unsent} bytes wait unsent for all clients, and at most ${mostUnsent} may`)
    }

    if (active > fetches || unsent < 0) {
      broken('gone', `${active} of ${fetches} fetches are active, ${unsent} bytes wait unsent`)
    }
  }
}

function count (copies: Map<string, number>, cid: string, by: number): void {
  const left = (copies.get(cid) ?? 0) + by

  if (left > 0) {
    copies.set(cid, left)
  } else {
    copies.delete(cid)
  }
}
