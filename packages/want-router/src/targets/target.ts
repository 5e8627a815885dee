import type { AskType } from '../strategies/strategy.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { ComponentLogger, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { CID } from 'multiformats/cid'

/** A want as a target gets it. */
export interface TargetWant {
  readonly key: WantKey
  /** Raw CID bytes, as the first client that asked for it wrote it. */
  readonly cid: Uint8Array
  readonly type: AskType
  /** Higher first; any 32-bit integer. */
  readonly priority: number
  /** Groups wants of one client: an index may remember what it has been reading. */
  readonly session: string
}

/** The cancel of a want, as it was asked. */
export type CancelledWant = Pick<TargetWant, 'key' | 'cid'>

/** How much a target takes at once. */
export interface Capacity {
  /** Wants open at the same time. */
  readonly wants: number
  /** Expected bytes open at the same time. */
  readonly bytes: number
  /** Standing wants: how many it keeps after its DONT_HAVE, so that it sends a late block without being asked again; 0: it forgets them. */
  readonly standing: number
  /** Whether it can say DONT_HAVE. If not, its silence means that it does not have the block, and is not a failure. */
  readonly supportsDontHave: boolean
}

/**
 * Where a target reports. Never called from inside `start`, `ask` or `cancel`:
 * the engine is not re-entered.
 */
export interface Sink {
  /**
   * The target can be asked from now on, or reports its new capacity. If that is invalid (`wants` and `bytes` are whole
   * numbers above 0, `standing` may be 0), the member counts as failed and is down until `up` is called with a valid capacity.
   *
   * `peer`: its peer id, if it is a peer: it is not asked for blocks that it wants of us itself.
   */
  up (capacity?: Partial<Capacity>, peer?: string): void
  /**
   * A block arrived; `prefix` is its CID's prefix (version, codec, hash code and
   * length as varints). The driver hashes it. Wait for the promise, if there is
   * one, before reading on: that is how the byte budget reaches the target.
   * `verified` is called with the key of the wants that the block answers, or with
   * an empty one if it cannot be verified.
   */
  block (prefix: Uint8Array, bytes: Uint8Array, verified?: (key: WantKey) => void): Promise<void> | undefined
  /**
   * `dont-have` is certain; `unknown`: it cannot tell, no penalty; `failed`: its health suffers. With `have` comes the
   * block's `size` if it is known, bytes: the router uses it as the expected size when it asks for the block, unless it is impossible.
   */
  answer (key: WantKey, answer: 'have' | 'dont-have' | 'unknown' | 'failed', why?: Error, size?: number): void
  /** An error that fails no want. It may be reported often: it is shown in the status, and logged now and then. */
  report (why: Error): void
  /** The target's own report of what it has queued for us, bytes. A hint: anything that is not a number of bytes is ignored. */
  load (pendingBytes: number): void
  /** The target is down; the wants that it owed are asked elsewhere. Repeated while it is down if there is a newer reason. */
  down (why?: Error): void
}

/** Something that can be asked for blocks: a bitswap peer or a block source. */
export interface Target {
  start (sink: Sink): void | Promise<void>
  /** Ends everything that it started. The sink is not called any more once it resolves. */
  stop (): void | Promise<void>
  ask (wants: readonly TargetWant[]): void
  /** Stops wants that it has not begun; answers to cancelled wants are ignored. */
  cancel (wants: readonly CancelledWant[]): void
  /** Ends the session with what is behind the target, which misbehaves; it may begin another. */
  reset? (why: string): void
  /**
   * A block that a client wanted, from another member: for a cache, which takes it or leaves it. Called when everything
   * for clients is done; it must neither wait nor modify the bytes.
   */
  offer? (block: OfferedBlock): void
}

/** A block that hashes to its CID. */
export interface OfferedBlock {
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** The configuration of a member. */
export interface MemberInit {
  /** Stable name; members' ids must differ. */
  readonly id: string
  /** Default 1; must be above 0. */
  readonly weight?: number
  readonly labels?: Readonly<Record<string, string>>
}

/** A member together with the way to make its target. */
export interface TargetInit extends MemberInit {
  /** The peer that is asked, if it is known beforehand: the router refuses to be its own member. */
  readonly peer?: PeerId
  /**
   * Lists the blocks that it holds, in pieces, for the router's `haveMap`. Rejects, or ends early, when the signal aborts.
   * Default: it cannot.
   */
  holdings? (options: HoldingsOptions): AsyncIterable<Iterable<WantKey>>
  create (context: TargetContext): Target
}

/** Which blocks a member lists. */
export interface HoldingsOptions {
  /** Only those that it keeps for good. */
  readonly pinned: boolean
  readonly signal: AbortSignal
}

/** A peer id and where it was found. */
export interface LocatedPeer {
  readonly peer: PeerId
  /** Addresses to try, best first. */
  readonly addresses: readonly Multiaddr[]
}

/** A session to one bitswap peer through the host that faces downstream. */
export interface PeerSession {
  /** Whether the negotiated protocol can say DONT_HAVE: 1.2.0 can. */
  readonly supportsDontHave: boolean
  /** Queues wants and cancels; they are sent together at the end of the tick. */
  ask (wants: readonly TargetWant[]): void
  cancel (wants: readonly CancelledWant[]): void
  close (): void
}

/** What a peer session reports. */
export interface PeerSessionHandlers {
  /** As {@link Sink.block}. */
  block (prefix: Uint8Array, bytes: Uint8Array, verified?: (key: WantKey) => void): Promise<void> | undefined
  presence (key: WantKey, have: boolean): void
  load (pendingBytes: number): void
  /** The last connection to the peer has closed. */
  closed (why?: Error): void
}

/** How many entries a peer takes in one wantlist message: some nodes silently ignore longer ones. */
export interface WantlistLimit {
  /** As far as is known. Default 1,024. */
  readonly entries?: number
  /** Called when a message has been ignored: from now on at most this many are sent at once. */
  learned? (entries: number): void
}

/** What the router provides to the targets that it creates. */
export interface TargetContext {
  readonly logger: ComponentLogger
  /** Dials the peer (unless connected) and takes its bitswap traffic; rejects if it cannot be reached. */
  openPeer (located: LocatedPeer, handlers: PeerSessionHandlers, signal: AbortSignal, limit?: WantlistLimit): Promise<PeerSession>
}
