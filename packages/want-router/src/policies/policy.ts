import type { Refusal } from './refusal.ts'
import type { WantEnd } from '../engine/status.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { CID } from 'multiformats/cid'

/** A want that a policy decides about. */
export interface Ask {
  /** The peer id of the client, or the name of a client inside the process. */
  readonly client: string
  /** Where the client is connected from, as a multiaddr; undefined for a client inside the process. */
  readonly address: string | undefined
  /** The multihash, which a CIDv0 and a CIDv1 of one block share: cheaper than `cid`, which is decoded when it is read. */
  readonly key: WantKey
  readonly cid: CID
  /** What the client asks for. A want-have that is admitted and comes to ask for the block is admitted again. */
  readonly type: 'have' | 'block'
  /** It was restricted to some members, and {@link PolicyControl.review} was called. */
  readonly review: boolean
}

/** What to do with a want. */
export type Verdict = 'pass' | Refusal | Restriction

/**
 * A want that only these members are asked for, by their ids. A name that is not a member counts as a member that may have
 * the block, so that no DONT_HAVE is sent for the want. Without any name the want is refused, as by `silent`.
 */
export interface Restriction {
  readonly only: readonly string[]
  /** Whether it must not be served a block that another member sent for another client either. Default false: the bytes are the same, and verified. */
  readonly strict?: boolean
}

/** A verified block, as policies see it. */
export interface VerifiedBlock {
  readonly key: WantKey
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** How a want ended, as policies see it. */
export interface SettledWant extends Omit<WantEnd, 'cid'> { readonly cid: CID }

/** What a policy itself can start. */
export interface PolicyControl {
  /**
   * The policy has changed its mind about wants that it has restricted to some members: all policies see them
   * again, at the end of the tick, and the old restriction holds until there is a verdict. It may be called at any time.
   */
  review (): void
  /**
   * The policy has changed its mind about a want that it refused before: the want is put again, as if its client had sent it again, but no
   * DONT_HAVE is sent for it. It may be called at any time until the client has left. The client may have cancelled
   * the want since then, which the router does not know of one that was refused.
   */
  repeat (ask: Ask): void
}

/**
 * Decides which wants are looked for, and where. It sees each want once, before it joins a fetch. A repeated want is not shown
 * to it again; a want-have that becomes a want-block is, and so is a want that comes back after it was refused or
 * cancelled. CIDs that contain their block (identity) need no member, and are not shown.
 *
 * If a policy throws, returns something else, or takes too long, the router's option `policyFailure` is used
 * as its verdict.
 */
export interface Policy {
  /** Names it in metrics, the log and events. */
  readonly name: string
  /** Called once, before all other calls, with what the policy itself can start. */
  attach? (control: PolicyControl): void
  /** Decides at once, and cheaply: it runs for every want. `'defer'` leaves it to `resolve`. */
  admit (ask: Ask): Verdict | 'defer'
  /**
   * Decides about deferred wants, all those of one client together. While it runs, further wants of the same client
   * wait for the next call; each other client has its own calls. It is given `verdictTimeout` ms.
   *
   * @param asks - the wants of one client, at most as many as it may have
   * @param signal - aborts when the time is over, the client leaves or the router stops
   * @returns a verdict for each, in the order of `asks`
   */
  resolve? (asks: readonly Ask[], signal: AbortSignal): Promise<readonly Verdict[]>
  /** Called once for each want that has ended, however it ended. */
  settled? (want: SettledWant): void
  /** Called with each block that a member sent, once it is verified. It must not change the bytes, and must copy what it keeps. */
  verified? (block: VerifiedBlock): void
  /** Called when a client has left: what is kept for it can go. A client inside the process leaves as soon as it wants nothing, and may come back at once. */
  gone? (client: string): void
}

/** Which policies decide about the wants of one direction. */
export interface PolicyOptions {
  /**
   * The policies that decide which wants are looked for, asked in this order: the first that refuses a want decides, and if
   * several restrict it to some members, only those that all of them name are left. Default: none, so all wants are.
   */
  readonly policies?: readonly Policy[]
  /** The verdict that is used if a policy throws or takes too long. Default `unknown`: the want is refused for now. */
  readonly policyFailure?: 'pass' | Refusal
}

/** What a policy has done since the start. */
export interface PolicyStatus {
  readonly name: string
  /** Wants that it refused. */
  readonly refused: number
  /** Verdicts that restricted a want to some members. */
  readonly restricted: number
  /** Times that it threw, answered with something that is not a verdict, or took too long. */
  readonly errors: number
  /** How many of these times it took too long. */
  readonly timeouts: number
}
