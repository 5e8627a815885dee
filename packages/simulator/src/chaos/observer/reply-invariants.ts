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

/** The counts of the engine since the last look. */
export type Gains = Pick<Totals, 'evicted' | 'blocksSent' | 'copiesLost' | 'dontHavesSent'>

/** Checks the presences and blocks that clients get. */
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

  /** Called when a block has come: all certain waiters get a copy, and only waiters do. */
  block (key: WantKey, size: number, { blocksSent, copiesLost }: Gains): void {
    this.#largest = Math.max(this.#largest, size)
    const { certain, possible } = this.#waiting(key, size)
    const all = [...certain, ...possible]

    if (copiesLost > 0) {
      // a want that lost its copy is queued again, and its place in the order is no longer known
      all.forEach(want => { want.message = NaN })
    }

    if (blocksSent > all.length) {
      broken('address', `${blocksSent} copies of ${printKey(key)} are queued, but ${all.length} wants wait for it`)
    }

    if (blocksSent < certain.length - copiesLost) {
      broken('lost', `${certain.length} wants wait for ${printKey(key)}, but ${blocksSent} get a copy`)
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
        broken('memory', `${unsent} bytes wait unsent for ${id}, but its window and blocks on their way allow ${most}`)
      }
    }
  }

  /** Checks the number of DONT_HAVEs that were queued against the wants that may get one now. */
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
      broken('dont-have', `${count} DONT_HAVEs are queued, but only ${allowed} wants are for blocks of which all members are certain`)
    }
  }

  take (id: string, message: Outgoing | undefined): void {
    const client = this.#clients.find(id)

    if (client == null) {
      if (message != null) {
        broken('gone', `${id} has left, but there is a message for it`)
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
      broken('lost', `everything was taken for ${client.id}, but it did not include the block that was queued for it (CID of ${cid.length} bytes)`)
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
        want.sure = false // it may have been for an earlier want
      } else if (want.sure) {
        this.#wants.end(want)
      }
    }
  }

  #takenPresence (client: ObservedClient, cid: Uint8Array, have: boolean): void {
    const want = client.wants.get(cidText(cid))
    const what = `${client.id} gets ${have ? 'HAVE' : 'DONT_HAVE'} ${printCid(cid)}`

    if (want == null) {
      broken('address', `${what}, but does not ask for it`)
    }

    want.answered = true

    if (!have) {
      this.#expectDontHave(want, what)

      return
    }

    want.havesTaken++

    if (!this.#members.affirmed(want.key)) {
      broken('have', `${what}, but no member has claimed to have it`)
    }
  }

  #expectDontHave (want: ObservedWant, what: string): void {
    want.dontHavesTaken++

    if (want.havesTaken > 0 && want.sure) {
      broken('have', `${what} after a HAVE`)
    }

    if (!want.sendDontHave) {
      broken('dont-have', `${what}, but did not ask for it`)
    }

    if (!want.dontHaveWasRight) {
      broken('dont-have', `${what}, but all members were certain at no time since it asked`)
    }

    if (want.sure && want.dontHavesTaken > want.asks) {
      broken('dont-have', `${what} for the ${want.dontHavesTaken}th time, but asked ${want.asks} times`)
    }
  }

  /** Called when a client is closed: it must have come during a drain, or have read nothing. */
  closed (id: string): void {
    const client = this.#clients.find(id)
    const unread = this.#now() - (client?.readAt ?? Infinity)

    if (!this.#clients.closed(id) && !(unread >= this.#limits.unreadTimeout)) {
      broken('drain', `${id} is closed, but had not come during a drain, and took something within ${this.#limits.unreadTimeout} ms`)
    }
  }

  flushed (): void {
    for (const id of this.#clients.refused) {
      broken('drain', `${id} came during a drain, but is not closed`)
    }
  }

  /** Checks the engine's sums against the model. */
  status (status: EngineStatus): void {
    const { clients, wants, fetches, active, unsent } = status
    const { least, most, overdue, leastFetches, mostFetches } = this.#wants.tally()

    if (clients !== this.#clients.size) {
      broken('gone', `the router keeps ${clients} clients, but there are ${this.#clients.size}`)
    }

    if (wants < least || fetches < leastFetches) {
      const live = [...this.#wants.live()].slice(0, 10).map(({ client, cid }) => `${client.id} ${printCid(cid)}`)
      broken('lost', `${least} wants for ${leastFetches} blocks are open, but the router keeps ${wants} for ${fetches}: ${live.join(', ')}`)
    }

    if (wants > most || fetches > mostFetches) {
      broken(wants <= most + overdue && overdue > 0 ? 'lifetime' : 'gone', `the router keeps ${wants} wants for ${fetches} blocks, but at most ${most} for ${mostFetches} can be open`)
    }

    if (clients === 0 && unsent !== 0) {
      broken('gone', `${unsent} bytes wait unsent, but there are no clients`)
    }

    const mostUnsent = allBytesBound(this.#limits, this.#largest, wants)

    if (unsent > mostUnsent) {
      broken('memory', `${unsent} bytes wait unsent for all clients, but at most ${mostUnsent} may`)
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
