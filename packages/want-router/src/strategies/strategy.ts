import type { WantKey } from '@kitsune/bitswap-codec'

/** What a want asks for: the block itself, or only whether the member has it. */
export type AskType = 'have' | 'block'

/**
 * A member as a strategy sees it. Live and read-only: the engine writes `state` and
 * `load`, so a strategy never counts anything itself.
 */
export interface Member {
  /** The configured name, or else the configured address: stable across restarts and replicas. */
  readonly id: string
  /** Share of the work, relative to the other members; less than `baseWeight` while it returns from an ejection. */
  readonly weight: number
  /** The share as configured; 1 by default. */
  readonly baseWeight: number
  /** Free-form labels (`zone`, `tier`, …). */
  readonly labels: Readonly<Record<string, string>>
  /** `ejected`: it fails and is avoided; `draining`: it finishes what it has. */
  readonly state: 'up' | 'ejected' | 'draining'
  /** Wants open at the member, and the bytes they are expected to bring. */
  readonly load: { readonly wants: number, readonly bytes: number }
  /** No more wants can be opened at it: the engine passes over it, so a ranking may put it after members that have capacity. */
  readonly full: boolean
  /** What it last said it has queued for us, bytes: a hint, and 0 for a member that says nothing. */
  readonly pendingBytes: number
}

/** The want to be routed, as a strategy sees it. */
export interface Want {
  /** Latin1 multihash: CIDv0 and CIDv1 of one block share it. */
  readonly key: WantKey
  /** 32-bit hash of the key, seeded from the public identity, so that workers and replicas agree. */
  readonly hash: number
  readonly type: AskType
  /** Peer id of the first client that waits for it. */
  readonly client: string
  /** Failed tries so far; 0 on the first. */
  readonly tries: number
  /** Bytes, where a member has said how long the block is: with a HAVE. */
  readonly size?: number
  /** What a member has answered to this want, if anything. */
  said (member: string): 'have' | 'dont-have' | 'failed' | undefined
}

/** How an attempt ended. Each attempt is observed exactly once. */
export interface Outcome {
  readonly member: string
  readonly want: Want
  readonly result: 'block' | 'have' | 'dont-have' | 'unknown' | 'failed' | 'timeout' | 'cancelled'
  /** Time from asking to the end of the attempt, ms. */
  readonly ms: number
  /** Size of the block, bytes; 0 without one. */
  readonly bytes: number
  /** True for a hedge: an attempt beside another one, not after it. */
  readonly hedge: boolean
}

/**
 * Orders members for a want. Pure and synchronous: time and randomness come from its
 * {@link StrategyEnv}, health and counts of what is in flight from the members.
 */
export interface Strategy {
  /** Called before the first `rank`, and when members have joined, left, been ejected, recovered or begun to drain, or have new weights or labels. */
  update (members: readonly Member[]): void
  /**
   * All members, best first, lazily, none twice. Called again for each attempt, and
   * consumed at once; deterministic for the same seed and the same calls before. The engine takes the first
   * member that can be asked, so the rest is the failover order. Members in every state
   * are ranked, ejected ones too: the engine passes over them, but not while most are
   * ejected. Full ones are ranked, too: a want that has to wait waits for the best.
   */
  rank (want: Want): Iterable<Member>
  /** An attempt has ended. */
  observe? (outcome: Outcome): void
  /**
   * Whether a member is only a last resort now because it often misses what others hold, or, given a want, because it is
   * known to miss that. It is ranked last and does not count as capacity: waiting for a busy member is better than
   * asking it.
   */
  avoids? (member: string, want?: Want): boolean
}

/** What a strategy gets from outside. */
export interface StrategyEnv {
  /** Monotonic time, ms. */
  now (): number
  /** Uniform in [0, 1). */
  random (): number
  /** Derived from the public identity: the same in all workers and replicas. */
  readonly seed: number
}

/** Makes a strategy for one engine: strategies share no state. */
export type StrategyFactory = (env: StrategyEnv) => Strategy
