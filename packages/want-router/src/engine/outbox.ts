/** What the next flush says. */
import type { Output } from './io.ts'
import type { CancelledWant, TargetWant } from '../targets/target.ts'

/**
 * To members by fetch: the cancel of one fetch and the ask for a later one of the
 * same multihash both leave, since nodes keep wants by CID.
 */
export interface Outbox<M extends Addressee, C> {
  /** Clients that have something to take. */
  readonly readyClients: Set<C>
  /** Clients whose connections are to be closed, by id. */
  readonly closing: Map<string, Closing>
  /** Members whose sessions are to end, and why. */
  readonly resets: Map<M, string>
  /** What is said last of a fetch counts. */
  enqueue (member: M, fetch: CancelledWant, want: TargetWant | CancelledWant): void
  /** Drops what was to be asked of a member for that fetch and has not left yet; false: there was nothing. */
  dequeue (member: M, fetch: CancelledWant): boolean
  /** A member is down: nothing reaches it. */
  drop (member: M): void
  /** Says everything, to each member the cancels first. */
  empty (out: Output): void
  /** Counts down, so that members serve in the order of asking. */
  nextPriority (): number
}

/** Why a client is to be closed; `unread`: since it takes nothing, so that it is not if it does. */
export interface Closing { readonly why: string, readonly unread: boolean }

interface Named { readonly id: string }

/** To which something may be said. */
export interface Addressee extends Named {
  /** For the {@link Outbox} alone: what the next flush says to it. */
  letter: Letter | undefined
}

const MAX_PRIORITY = 0x7fffffff

/** Makes an empty outbox. */
export function createOutbox <M extends Addressee, C extends Named> (): Outbox<M, C> {
  return new FlushOutbox<M, C>()
}

class FlushOutbox<M extends Addressee, C extends Named> implements Outbox<M, C> {
  readonly readyClients = new Set<C>()
  readonly closing = new Map<string, Closing>()
  readonly resets = new Map<M, string>()
  /** In the order in which something came up for their members. */
  readonly #letters: Letter[] = []
  #priority = MAX_PRIORITY

  enqueue (member: M, fetch: CancelledWant, want: TargetWant | CancelledWant): void {
    if (member.letter == null) {
      member.letter = new Letter(member, fetch, want)
      this.#letters.push(member.letter)
    } else {
      member.letter.set(fetch, want)
    }
  }

  dequeue (member: M, fetch: CancelledWant): boolean {
    return member.letter?.deleteAsk(fetch) === true
  }

  drop (member: M): void {
    if (member.letter != null) {
      this.#letters.splice(this.#letters.indexOf(member.letter), 1)
      member.letter = undefined
    }

    this.resets.delete(member)
  }

  empty (out: Output): void {
    for (const letter of this.#letters) {
      const { to } = letter
      const cancels = letter.cancels()
      const asks = letter.asks()
      to.letter = undefined

      if (cancels.length > 0) {
        out.cancel(to.id, cancels)
      }

      if (asks.length > 0) {
        out.ask(to.id, asks)
      }
    }

    this.#letters.length = 0

    for (const [member, why] of this.resets) {
      out.reset(member.id, why)
    }

    this.resets.clear()

    for (const client of this.readyClients) {
      out.ready(client.id)
    }

    this.readyClients.clear()

    for (const [client, { why }] of this.closing) {
      out.close(client, why)
    }

    this.closing.clear()
  }

  nextPriority (): number {
    const priority = this.#priority
    this.#priority = priority > 1 ? priority - 1 : MAX_PRIORITY

    return priority
  }
}

// up to this many, what is said of a fetch is found by looking through all
const FEW = 16

const NO_CANCELS: readonly CancelledWant[] = []

/**
 * What the next flush says to one member, in the order in which it came up. Most say little, for which a Map would take longer;
 * where there are many members, most say one thing: arrays begin with room for no more, as V8 would make it seventeen.
 */
export class Letter {
  readonly to: Addressee
  /** At the same place in both; undefined where it was taken back. */
  readonly #fetches: Array<CancelledWant | undefined>
  readonly #wants: Array<TargetWant | CancelledWant | undefined>
  #places: Map<CancelledWant, number> | undefined
  #asks = 0
  #cancels = 0

  constructor (to: Addressee, fetch: CancelledWant, want: TargetWant | CancelledWant) {
    this.to = to
    this.#fetches = [fetch]
    this.#wants = [want]
    this.#count(want, 1)
  }

  set (fetch: CancelledWant, want: TargetWant | CancelledWant): void {
    const place = this.#find(fetch)
    const said = place < 0 ? undefined : this.#wants[place]
    this.#count(said, -1)
    this.#count(want, 1)

    if (place >= 0) {
      this.#wants[place] = want

      return
    }

    this.#places?.set(fetch, this.#fetches.length)
    this.#fetches.push(fetch)
    this.#wants.push(want)
  }

  /** False: that fetch is not asked for. */
  deleteAsk (fetch: CancelledWant): boolean {
    const place = this.#find(fetch)
    const want = place < 0 ? undefined : this.#wants[place]

    if (want == null || !isAsk(want)) {
      return false
    }

    this.#count(want, -1)
    this.#fetches[place] = undefined
    this.#wants[place] = undefined
    this.#places?.delete(fetch)

    return true
  }

  asks (): readonly TargetWant[] {
    return this.#asks === this.#wants.length ? this.#wants as TargetWant[] : this.#wants.filter(want => want != null && isAsk(want))
  }

  cancels (): readonly CancelledWant[] {
    return this.#cancels === 0 ? NO_CANCELS : this.#wants.filter(want => want != null && !isAsk(want)) as CancelledWant[]
  }

  #find (fetch: CancelledWant): number {
    if (this.#fetches.length <= FEW) {
      return this.#fetches.indexOf(fetch)
    }

    this.#places ??= new Map(this.#fetches.flatMap((fetch, place) => fetch == null ? [] : [[fetch, place]]))

    return this.#places.get(fetch) ?? -1
  }

  #count (want: TargetWant | CancelledWant | undefined, by: 1 | -1): void {
    if (want == null) {
      return
    }

    if (isAsk(want)) {
      this.#asks += by
    } else {
      this.#cancels += by
    }
  }
}

function isAsk (want: TargetWant | CancelledWant): want is TargetWant {
  return 'type' in want
}

/** Takes a want back from a member. */
export function enqueueCancel <M extends Addressee> (outbox: Pick<Outbox<M, never>, 'enqueue'>, member: M, fetch: CancelledWant): void {
  outbox.enqueue(member, fetch, { key: fetch.key, cid: fetch.cid })
}
