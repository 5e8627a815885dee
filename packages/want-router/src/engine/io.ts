import type { Taken } from './replies.ts'
import type { EngineStatus, MemberStatus, WantEnd } from './status.ts'
import type { Verdict } from '../policies/policy.ts'
import type { AskType, Outcome } from '../strategies/strategy.ts'
import type { CancelledWant, Capacity, TargetWant } from '../targets/target.ts'
import type { BitswapProtocol, WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** What happened. Everything that the engine learns arrives as one of these. */
export type Input =
  /** A client's wantlist message; `connection` names the connection that it came on, if the client may have several. */
  | { t: 'message', client: string, wants: readonly WantEntry[], full: boolean, connection?: number }
  /**
   * The state of one of a client's several connections has changed. Wants that came last on a `silent` connection are
   * suspended until it is `heard` again, or until the client repeats them on another; when a connection is `lost`, its wants
   * end.
   */
  | { t: 'connection', client: string, connection: number, is: 'silent' | 'heard' | 'lost' }
  /** A client's last connection closed. */
  | { t: 'gone', client: string }
  /** A client says that it asks on behalf of another peer, as the downstream side of a balancer does for its upstream side. */
  | { t: 'stands-for', client: string, of: string }
  /**
   * A member joins. If there is a member with that id, or the strategy cannot take the new one, `put` throws an
   * `InvalidOptionError` and changes nothing.
   */
  | { t: 'add', member: string, weight?: number, labels?: Readonly<Record<string, string>> }
  /** A member leaves. Other members are asked at once for what is open at it; to let it finish, drain it first. */
  | { t: 'remove', member: string }
  /**
   * Changes the weight or labels of a member, or whether it drains. For an invalid change, `put` throws an
   * `InvalidOptionError` and changes nothing.
   */
  | { t: 'update', member: string } & MemberChange
  /** `peer`: the member's peer id, if it has one. */
  | { t: 'up', member: string, capacity?: Partial<Capacity>, peer?: string }
  | { t: 'down', member: string, why?: string }
  /** A block whose bytes hash to `key`: the driver has verified it. */
  | { t: 'block', member: string, key: WantKey, bytes: Uint8Array }
  /** `size`: of the block in bytes, if the HAVE states it. */
  | { t: 'answer', member: string, key: WantKey, answer: 'have' | 'dont-have' | 'unknown' | 'failed', why?: string, size?: number }
  | { t: 'load', member: string, pendingBytes: number }
  /** What policies have decided about wants that wait for verdicts. A number that none of the client's wants waits for is ignored. */
  | { t: 'verdicts', client: string, verdicts: readonly NumberedVerdict[] }
  /** The policies' rules have changed: they are asked again about restricted wants. Until they answer, each want keeps its members. */
  | { t: 'review' }
  /** The deadline has passed. */
  | { t: 'tick' }
  /** Takes no new clients; wants of known clients are still served. */
  | { t: 'drain' }

/** What may change of a member. Omitted fields stay as they are. */
export interface MemberChange {
  /** Its share of the load, above 0. */
  readonly weight?: number
  readonly labels?: Readonly<Record<string, string>>
  /** A draining member is asked nothing new. What is open at it finishes, and no client gets a DONT_HAVE for what it may hold. */
  readonly draining?: boolean
}

/** A want of a client that waits for a verdict: parked, or an upgrade of one that has been admitted. */
export interface VerdictAsk {
  /** Names this want as it is now: when it asks for more, it gets another number. */
  readonly number: number
  readonly key: WantKey
  /** Raw CID bytes, as the client sent them. */
  readonly cid: Uint8Array
  readonly type: AskType
  /** The want was admitted, and policies decide again which members it may use. */
  readonly review?: true
}

/** What policies have decided about a want, under the number by which the engine asked. */
export interface NumberedVerdict extends Pick<VerdictAsk, 'number' | 'cid'> { readonly verdict: Verdict }

/** What to do. `flush` calls these methods; they must not call the engine. */
export interface Output {
  ask (member: string, wants: readonly TargetWant[]): void
  cancel (member: string, wants: readonly CancelledWant[]): void
  /** There is something to `take` for this client. */
  ready (client: string): void
  /** Close the connections of this client. */
  close (client: string, why: string): void
  /** End the session with this member, which may begin another. */
  reset (member: string, why: string): void
  /** The state or weight of a member has changed: `members` are all members as they are now. */
  changed? (members: readonly MemberStatus[]): void
  /** Nothing is open any more at a draining member. Reported once for each `update` that makes it drain. */
  drained? (member: string): void
  /** Asks policies about these wants of a client; the verdicts are an input. Only called by an engine with `admission`. */
  admit? (client: string, asks: readonly VerdictAsk[]): void
  /** The wants that have ended, and how; each is reported once, while the engine's `wantsEnds` returns true. */
  ended? (ends: readonly WantEnd[]): void
}

/** The state machine: `put` takes inputs, and `flush` says what to do. */
export interface Engine {
  /**
   * Takes note of what happened. What follows from it leaves with the next `flush`.
   *
   * @throws {InvalidOptionError} an added or changed member is invalid
   */
  put (input: Input): void
  /**
   * Decides, and says what to do. If there is too much for one call, the engine stays `dirty`, and the next flush
   * continues.
   */
  flush (out: Output): void
  /** The next message for a client, its blocks bounded by `maxBytes` (one bigger block may travel alone). */
  take (client: string, maxBytes: number, protocol: BitswapProtocol): Taken | undefined
  /**
   * Whether a block with this CID prefix may be one that the member was asked for. False only for an ejected
   * member that owes no such block: its blocks are not worth hashing.
   */
  expects (member: string, prefix: Uint8Array): boolean
  /** Whether some client waits for a block or a presence of that multihash. */
  isWanted (key: WantKey): boolean
  /** Whether a want still waits for the verdict with that number. */
  awaits (client: string, ask: Pick<VerdictAsk, 'number' | 'cid'>): boolean
  /** True when `flush` has something to do. */
  readonly dirty: boolean
  /** When the engine next needs a `tick`, in the clock's ms; undefined: it needs none. */
  readonly deadline: number | undefined
  status (): EngineStatus
  /** Bytes of replies that clients have not taken, without the cost of `status`. */
  readonly unsent: number
  /** Whether some member is up, without the cost of `status`. */
  readonly anyUp: boolean
  /** The status of one member, without the cost of `status`; undefined: there is none with that id. */
  member (id: string): MemberStatus | undefined
  /**
   * For how long a client has had no active want and nothing unsent, ms; undefined while it has. Wants that no member can
   * serve are not active. An unknown client has been idle for ever: Infinity.
   */
  idleFor (client: string): number | undefined
  /** Calls the listener with the outcome of each attempt, after the strategy. It must neither throw nor call the engine. */
  watchAttempts (listener: (outcome: Outcome) => void): void
  /**
   * For tests: checks the engine's whole state for contradictions.
   *
   * @throws {InvariantError} there is one
   */
  checkInvariants (): void
}
