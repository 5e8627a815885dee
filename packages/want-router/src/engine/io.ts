import type { Taken } from './replies.ts'
import type { EngineStatus, MemberStatus, WantEnd } from './status.ts'
import type { Verdict } from '../policies/policy.ts'
import type { AskType, Outcome } from '../strategies/strategy.ts'
import type { CancelledWant, Capacity, TargetWant } from '../targets/target.ts'
import type { BitswapProtocol, WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** What happened. Everything the engine ever learns arrives as one of these. */
export type Input =
  /** A client's wantlist message; `connection` names the one on which it came, if that matters. */
  | { t: 'message', client: string, wants: readonly WantEntry[], full: boolean, connection?: number }
  /**
   * The state of one of several connections of a client has changed. The wants that came last on a `silent` one are suspended
   * until it is `heard` again, or until they come on another; with one that is `lost` they end.
   */
  | { t: 'connection', client: string, connection: number, is: 'silent' | 'heard' | 'lost' }
  /** A client's last connection closed. */
  | { t: 'gone', client: string }
  /** A client says that it asks for another peer, as the downstream side of a balancer does for its upstream side. */
  | { t: 'stands-for', client: string, of: string }
  /**
   * A member joins. `put` throws an `InvalidOptionError`, and nothing has changed, if there is one of that id, or if the
   * strategy cannot take it.
   */
  | { t: 'add', member: string, weight?: number, labels?: Readonly<Record<string, string>> }
  /** A member leaves. What is open at it goes elsewhere at once; to let it finish, drain the member first. */
  | { t: 'remove', member: string }
  /** Changes what is given of a member. `put` throws an `InvalidOptionError` for an invalid change, and nothing has changed. */
  | { t: 'update', member: string } & MemberChange
  /** `peer`: the member's peer id, if it has one. */
  | { t: 'up', member: string, capacity?: Partial<Capacity>, peer?: string }
  | { t: 'down', member: string, why?: string }
  /** A block whose bytes hash to `key`: verified before it gets here. */
  | { t: 'block', member: string, key: WantKey, bytes: Uint8Array }
  /** `size`: of the block, with a HAVE that says it, bytes. */
  | { t: 'answer', member: string, key: WantKey, answer: 'have' | 'dont-have' | 'unknown' | 'failed', why?: string, size?: number }
  | { t: 'load', member: string, pendingBytes: number }
  /** What policies have decided about parked wants. A number that no want of the client waits for is ignored. */
  | { t: 'verdicts', client: string, verdicts: readonly NumberedVerdict[] }
  /** Policies have changed their minds about restricted wants, and are to decide again. Until then each want keeps its members. */
  | { t: 'review' }
  /** The deadline has passed. */
  | { t: 'tick' }
  /** Take no new clients; what was asked is still answered. */
  | { t: 'drain' }

/** What may change of a member. What is not given stays as it is. */
export interface MemberChange {
  /** Its share of the work, above 0. */
  readonly weight?: number
  readonly labels?: Readonly<Record<string, string>>
  /** Whether it is asked nothing new. What is open at it finishes, and no client gets a DONT_HAVE for what it may hold. */
  readonly draining?: boolean
}

/** A want of a client that waits for a verdict: parked, or an upgrade of one that has been admitted. */
export interface VerdictAsk {
  /** Names this want, as it is now: it has another when it asks for more. */
  readonly number: number
  readonly key: WantKey
  /** Raw CID bytes, in the client's words. */
  readonly cid: Uint8Array
  readonly type: AskType
  /** It was admitted, and policies decide again which members it may use. */
  readonly review?: true
}

/** What policies have decided about a want, under the number by which the engine asked. */
export interface NumberedVerdict extends Pick<VerdictAsk, 'number' | 'cid'> { readonly verdict: Verdict }

/** What is to be done. `flush` calls these; none of them may call back into the engine. */
export interface Output {
  ask (member: string, wants: readonly TargetWant[]): void
  cancel (member: string, wants: readonly CancelledWant[]): void
  /** There is something to `take` for this client. */
  ready (client: string): void
  /** Close the connections of this client. */
  close (client: string, why: string): void
  /** End the session with this member, which may begin another. */
  reset (member: string, why: string): void
  /** Some member's state or weight changed: all of them as they are now. */
  changed? (members: readonly MemberStatus[]): void
  /** A member that drains has nothing open any more. Reported once for each `update` that makes it drain. */
  drained? (member: string): void
  /** What to do with these wants of a client? Their verdicts are to be put in. Only of an engine with `admission`. */
  admit? (client: string, asks: readonly VerdictAsk[]): void
  /** The wants that have ended, and how, each reported once: while the engine's `wantsEnds` says so. */
  ended? (ends: readonly WantEnd[]): void
}

/** The state machine: inputs are put in, and a flush says what is to be done. */
export interface Engine {
  /**
   * Takes note of what happened. Decides nothing that `flush` has to carry out before it is called.
   *
   * @throws {InvalidOptionError} a member that is added or changed is invalid
   */
  put (input: Input): void
  /**
   * Decides, and says what is to be done. Where there is more to do than fits one call, the engine stays `dirty`, and the
   * next flush goes on.
   */
  flush (out: Output): void
  /** The next message for a client, its blocks bounded by `maxBytes` (one bigger block may travel alone). */
  take (client: string, maxBytes: number, protocol: BitswapProtocol): Taken | undefined
  /**
   * Whether a block with this CID prefix may be one that the member was asked for. Always, but for an ejected
   * member, whose blocks are not worth hashing unless it owes one like that.
   */
  expects (member: string, prefix: Uint8Array): boolean
  /** Whether some client waits for a block or a presence of that multihash. */
  isWanted (key: WantKey): boolean
  /** Whether a want still waits for the verdict of that number. */
  awaits (client: string, ask: Pick<VerdictAsk, 'number' | 'cid'>): boolean
  /** True when `flush` has something to do. */
  readonly dirty: boolean
  /** When `tick` is wanted next, in the clock's ms; undefined: not at all. */
  readonly deadline: number | undefined
  status (): EngineStatus
  /** Whether `status` has a member that is up, without looking at all of them. */
  readonly anyUp: boolean
  /** What `status` has of one member, without looking at the others; undefined: there is none of that id. */
  member (id: string): MemberStatus | undefined
  /**
   * For how long a client has had no want that is being looked for and nothing unsent, ms; undefined while it has. The router does not
   * look for what no member has. A client that is not known has been idle for ever.
   */
  idleFor (client: string): number | undefined
  /** Tells from now on how each attempt ended, when the strategy has been told. The listener must neither throw nor call the engine. */
  watchAttempts (listener: (outcome: Outcome) => void): void
  /**
   * For tests: looks through all that the engine knows for contradictions.
   *
   * @throws {InvariantError} where there is one
   */
  checkInvariants (): void
}
