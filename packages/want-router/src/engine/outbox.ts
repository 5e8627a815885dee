/** What the next flush says to members and about clients. */
import type { Output } from './io.ts'
import type { CancelledWant, TargetWant } from '../targets/target.ts'

/**
 * Wants and cancels are kept by fetch: the cancel of a fetch and the ask of a later fetch
 * for the same multihash both leave, since nodes keep wants by CID.
 */
export interface Outbox<M extends Recipient, C> {
  /** Clients that have something to take. */
  readonly readyClients: Set<C>
  /** Clients whose connections will be closed, by id. */
  readonly closing: Map<string, Closing>
  /** Members whose sessions will end, and why. */
  readonly resets: Map<M, string>
  /** Adds a want or a cancel for a member; it replaces an earlier one of the same fetch. */
  enqueue (member: M, fetch: CancelledWant, want: TargetWant | CancelledWant): void
  /** Removes the ask of a fetch that has not left yet for a member; false: there is none. */
  dequeue (member: M, fetch: CancelledWant): boolean
  /** Drops everything for a member that is down. */
  drop (member: M): void
  /** Passes everything to the output, to each member the cancels first. */
  empty (out: Output): void
  /** Counts down, so that members serve wants in the order in which they were asked. */
  nextPriority (): number
}

/** Why a client will be closed; `unread`: because it takes nothing, so it is not closed if it takes something first. */
export interface Closing { readonly why: string, readonly unread: boolean }

interface Named { readonly id: string }

/** Something that wants and cancels can be sent to. */
export interface Recipient extends Named {
  /** Written only by the {@link Outbox}: what the next flush says to it. */
  batch: Batch | undefined
}

const MAX_PRIORITY = 0x7fffffff

/** Makes an empty outbox. */
export function createOutbox <M extends Recipient, C extends Named> (): Outbox<M, C> {
  return new FlushOutbox<M, C>()
}

class FlushOutbox<M extends Recipient, C extends Named> implements Outbox<M, C> {
  readonly readyClients = new Set<C>()
  readonly closing = new Map<string, Closing>()
  readonly resets = new Map<M, string>()
  /** In the order in which they were begun. */
  readonly #batches: Batch[] = []
  #priority = MAX_PRIORITY

  enqueue (member: M, fetch: CancelledWant, want: TargetWant | CancelledWant): void {
    if (member.batch == null) {
      member.batch = new Batch(member, fetch, want)
      this.#batches.push(member.batch)
    } else {
      member.batch.set(fetch, want)
    }
  }

  dequeue (member: M, fetch: CancelledWant): boolean {
    return member.batch?.deleteAsk(fetch) === true
  }

  drop (member: M): void {
    if (member.batch != null) {
      this.#batches.splice(this.#batches.indexOf(member.batch), 1)
      member.batch = undefined
    }

    this.resets.delete(member)
  }

  empty (out: Output): void {
    for (const batch of this.#batches) {
      const { to } = batch
      const cancels = batch.cancels()
      const asks = batch.asks()
      to.batch = undefined

      if (cancels.length > 0) {
        out.cancel(to.id, cancels)
      }

      if (asks.length > 0) {
        out.ask(to.id, asks)
      }
    }

    this.#batches.length = 0

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

// up to this many, a fetch is found by searching the array
const FEW = 16

const NO_CANCELS: readonly CancelledWant[] = []

/**
 * The wants and cancels that the next flush sends to one member, in the order in which they were added. Most batches are
 * small, and a Map would be slower; with many members most have one entry, so the arrays begin with one element: V8 would
 * give an empty array space for seventeen at the first push.
 */
export class Batch {
  readonly to: Recipient
  /** A fetch and its want have the same index; undefined where the want was taken back. */
  readonly #fetches: Array<CancelledWant | undefined>
  readonly #wants: Array<TargetWant | CancelledWant | undefined>
  #places: Map<CancelledWant, number> | undefined
  #asks = 0
  #cancels = 0

  constructor (to: Recipient, fetch: CancelledWant, want: TargetWant | CancelledWant) {
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

  /** Removes the ask of a fetch; false: there is none. */
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

/** Cancels a want at a member. */
export function enqueueCancel <M extends Recipient> (outbox: Pick<Outbox<M, never>, 'enqueue'>, member: M, fetch: CancelledWant): void {
  outbox.enqueue(member, fetch, { key: fetch.key, cid: fetch.cid })
}
