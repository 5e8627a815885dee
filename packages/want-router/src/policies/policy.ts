import type { Refusal } from './refusal.ts'
import type { WantEnd } from '../engine/status.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { CID } from 'multiformats/cid'

/** A want of which a policy decides. */
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

/** What becomes of a want. */
export type Verdict = 'pass' | Refusal | Restriction

/**
 * A want that only these members are asked for, by their ids. A name that is no member counts as one of which nothing is
 * known, so that no DONT_HAVE leaves while one is named. Without any name the want is refused, as by `silent`.
 */
export interface Restriction {
  readonly only: readonly string[]
  /** Nor is it served what another member sent for another client. Default false: the bytes are the same, and verified. */
  readonly strict?: boolean
}

/** A verified block, as policies see it. */
export interface VerifiedBlock {
  readonly key: WantKey
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** What became of a want, as policies see it. */
export interface SettledWant extends Omit<WantEnd, 'cid'> { readonly cid: CID }

/** What a policy can do by itself. */
export interface PolicyControl {
  /**
   * The policy has changed its mind about wants that it has restricted to some members: all policies see them
   * again, at the end of the tick, and the old restriction holds until there is a verdict. It may be called at any time.
   */
  review (): void
}

/**
 * Decides which wants are looked for, and where. It sees each want once, before it joins a fetch; a repeat is not shown
 * to it again, a want-have that comes to ask for the block is, and so is one that comes back after it was refused or
 * cancelled. CIDs that contain their block (identity) need no member, and are not shown.
 *
 * A policy that throws, answers with something else, or takes too long counts as one that answers `policyFailure` of the
 * router's options.
 */
export interface Policy {
  /** Names it in metrics, the log and events. */
  readonly name: string
  /** Called once, before everything else, with what the policy can do by itself. */
  attach? (control: PolicyControl): void
  /** Decides at once, and cheaply: it runs for every want. `'defer'` leaves it to `resolve`. */
  admit (ask: Ask): Verdict | 'defer'
  /**
   * Decides what was deferred: what one client has asked for, together. While it runs, what the same client asks for
   * waits for the next call; other clients have theirs. It is given `verdictTimeout` ms.
   *
   * @param asks - of one client, at most as many as it may have wants
   * @param signal - aborts when the time is over, the client leaves or the router stops
   * @returns a verdict for each, in the order of `asks`
   */
  resolve? (asks: readonly Ask[], signal: AbortSignal): Promise<readonly Verdict[]>
  /** Told once of each want that has ended, whatever became of it. */
  settled? (want: SettledWant): void
  /** Told of each block that a member sent, once it is verified. It must not change the bytes, and copies what it keeps. */
  verified? (block: VerifiedBlock): void
  /** A client has left: what is kept for it can go. One inside the process leaves as soon as it wants nothing, and may be back at once. */
  gone? (client: string): void
}

/** Which policies decide of the wants of one direction. */
export interface PolicyOptions {
  /**
   * Who decides which wants are looked for, asked in this order: the first that refuses a want decides, and where
   * several restrict it to some members, only those that all of them name are left. Default: all wants are.
   */
  readonly policies?: readonly Policy[]
  /** What counts in place of the verdict of a policy that throws or takes too long. Default `unknown`: the want is refused for now. */
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
  /** Of those, the times that it took too long. */
  readonly timeouts: number
}
