import type { LedgerWant } from './ledger.ts'
import type { EngineMember } from './members.ts'
import type { AskType, Want } from '../strategies/strategy.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

const NOBODY: readonly EngineMember[] = []

/** What a member has said of a route, for as long as the member has been the same. */
type Said = 'have' | 'lack' | 'failed' | 'unknown'

/**
 * One multihash that somebody upstream waits for: who waits, who was asked, what
 * each said, what is left to try. At any time a route is in exactly one state:
 *
 * - `queued`: in the queue of each peer that waits, to be asked when its turn comes;
 * - `asked`: open at one member (`member`, `since`, `expected` are set);
 * - `retry`: to be asked again as soon as the budget and a member's window allow;
 * - `idle`: everybody who can be asked has spoken; waits for a late block or a recovery;
 * - `resting`: all who wait have been told HAVE and nobody wants the block yet.
 */
export class Route implements Want {
  readonly key: WantKey
  readonly hash: number
  /** Raw CID bytes in the words of the first waiter. */
  readonly cid: Uint8Array
  /** If not, whatever a member sends is of no use: nobody is asked. */
  readonly verifiable: boolean
  type: AskType = 'have'
  state: 'queued' | 'asked' | 'retry' | 'idle' | 'resting' = 'queued'
  attempt = 0
  /** The waiters: a list threaded through the wants, so that any leaves at once. */
  first: LedgerWant | undefined
  size = 0

  /** Whose window the attempt is charged to. */
  payer: LedgerWant['owner'] | undefined
  member: EngineMember | undefined
  asked: AskType = 'have'
  since = 0
  /** The attempt began as a hedge. */
  speculative = false
  /** Who has been asked beside `member`, and when. */
  hedge: EngineMember | undefined
  hedgedAt = -Infinity
  expected = 0
  /** Where a `retry` waits for room. */
  waitsFor: { readonly member: EngineMember, readonly peer: LedgerWant['owner'] } | undefined
  /** When an `idle` route is asked again, and how often it has come to nothing. */
  askAgainAt = 0
  rests = 0

  /** By member id, since strategies ask by it. */
  #said: Map<string, { member: EngineMember, what: Said, epoch: number, at: number }> | undefined

  constructor (key: WantKey, hash: number, cid: Uint8Array, verifiable = true) {
    this.key = key
    this.hash = hash
    this.cid = cid
    this.verifiable = verifiable
  }

  get peer (): string {
    return this.first?.owner.id ?? ''
  }

  /** {@link Want.said}: unknown is not told, since it is no knowledge. */
  said (id: string): 'have' | 'lack' | 'failed' | undefined {
    const entry = this.#said?.get(id)
    if (entry != null && entry.epoch === entry.member.epoch && entry.what !== 'unknown') {
      return entry.what
    }
  }

  saidBy (member: EngineMember): Said | undefined {
    const entry = this.#said?.get(member.id)
    return entry?.epoch === member.epoch ? entry.what : undefined
  }

  note (member: EngineMember, what: Said, at: number): void {
    (this.#said ??= new Map()).set(member.id, { member, what, epoch: member.epoch, at })
  }

  /** When a member said what it said last; undefined: nothing, or in another life. */
  saidAt (member: EngineMember): number | undefined {
    const entry = this.#said?.get(member.id)
    return entry?.epoch === member.epoch ? entry.at : undefined
  }

  /** Forgets what a member said; true if there was something to forget. */
  forget (member: EngineMember): boolean {
    return this.#said?.delete(member.id) ?? false
  }

  /** Members that have said something, stale or not. */
  speakers (): Iterable<EngineMember> {
    return this.#said == null ? NOBODY : Array.from(this.#said.values(), ({ member }) => member)
  }

  /** Members that are up and have said HAVE. */
  * holders (): Iterable<EngineMember> {
    if (this.fresh) {
      return
    }
    for (const member of this.speakers()) {
      if (member.connected && this.saidBy(member) === 'have') {
        yield member
      }
    }
  }

  /** Nobody waits for it but this member itself, which so has said that it lacks it. */
  onlyWantedBy (member: EngineMember): boolean {
    for (let want = this.first; want != null; want = want.nextWaiter) {
      if (want.owner.member !== member) {
        return false
      }
    }
    return this.first != null
  }

  /** This member itself waits for it, among others or alone. */
  wantedBy (member: EngineMember): boolean {
    for (let want = this.first; want != null; want = want.nextWaiter) {
      if (want.owner.member === member) {
        return true
      }
    }
    return false
  }

  get fresh (): boolean {
    return this.#said == null || this.#said.size === 0
  }

  * waiters (): Iterable<LedgerWant> {
    let next: LedgerWant | undefined
    for (let want = this.first; want != null; want = next) {
      next = want.nextWaiter // the caller may take this one off the list
      yield want
    }
  }

  join (want: LedgerWant): void {
    want.route = this
    want.nextWaiter = undefined
    want.previousWaiter = undefined
    if (this.first != null) {
      // behind the first: who came first stays first
      want.nextWaiter = this.first.nextWaiter
      want.previousWaiter = this.first
      if (want.nextWaiter != null) {
        want.nextWaiter.previousWaiter = want
      }
      this.first.nextWaiter = want
    } else {
      this.first = want
    }
    this.size++
  }

  leave (want: LedgerWant): void {
    if (want.previousWaiter != null) {
      want.previousWaiter.nextWaiter = want.nextWaiter
    } else {
      this.first = want.nextWaiter
    }
    if (want.nextWaiter != null) {
      want.nextWaiter.previousWaiter = want.previousWaiter
    }
    want.nextWaiter = undefined
    want.previousWaiter = undefined
    this.size--
  }
}
