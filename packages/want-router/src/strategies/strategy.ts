import type { WantKey } from '@kitsune/bitswap-codec'

/** What a want asks for: the block itself, or only whether it is there. */
export type AskType = 'have' | 'block'

/**
 * One downstream target as a strategy sees it. Live and read-only: the engine
 * writes `state` and `load`, so a strategy never counts anything itself.
 */
export interface Member {
  /** The configured name, else the configured address: stable across restarts and replicas. */
  readonly id: string
  /** Share of the work relative to the other members; less than `baseWeight` while it returns from an ejection. */
  readonly weight: number
  /** The share as configured; 1 by default. */
  readonly baseWeight: number
  /** Free-form labels (`zone`, `tier`, …). */
  readonly labels: Readonly<Record<string, string>>
  /** `ejected`: failing, to be avoided; `draining`: finishes what it has. */
  readonly state: 'up' | 'ejected' | 'draining'
  /** Wants open at the member, and the bytes they are expected to bring. */
  readonly load: { readonly wants: number, readonly bytes: number }
  /** What it last said that it has queued for us, bytes: a hint, and 0 where it says nothing. */
  readonly pendingBytes: number
}

/** The want to be routed, as a strategy sees it. */
export interface Want {
  /** Latin1 multihash: CIDv0 and CIDv1 of one block share it. */
  readonly key: WantKey
  /** 32-bit hash of the key, seeded from the public identity, so that workers and replicas agree. */
  readonly hash: number
  readonly type: AskType
  /** Peer id of the first upstream peer that waits for it. */
  readonly peer: string
  /** Failed tries so far; 0 on the first. */
  readonly attempt: number
  /** What a member has said of this want, if anything. */
  said (member: string): 'have' | 'lack' | 'failed' | undefined
}

/** How one attempt ended. Each attempt is observed exactly once. */
export interface Outcome {
  readonly member: string
  readonly want: Want
  readonly result: 'block' | 'have' | 'lack' | 'unknown' | 'failed' | 'timeout' | 'cancelled'
  /** Time from asking to the end of the attempt, ms. */
  readonly ms: number
  /** Size of the block, bytes; 0 without one. */
  readonly bytes: number
  /** True for a hedge: asked beside another attempt, not after it. */
  readonly speculative: boolean
}

/**
 * Orders members for a want. Pure and synchronous: clock and randomness come
 * from its {@link StrategyEnv}, health and in-flight counts from the members.
 */
export interface Strategy {
  /** The members have changed: joined, left, were ejected or recovered. Called before the first rank. */
  update (members: readonly Member[]): void
  /**
   * Best first, lazily, no member twice. Consumed within the call and called
   * afresh for each attempt; deterministic given seed and history. The engine
   * takes the first that can be asked, so what follows is the failover order.
   * Members in every state are ranked, ejected ones too: it is the engine that
   * passes over them, and that does not while most are ejected.
   */
  rank (want: Want): Iterable<Member>
  /** An attempt has ended. */
  observe? (outcome: Outcome): void
  /**
   * Whether a member is only a last resort now, whatever the want: one that lacks
   * what others have. It is ranked last, and to be counted as no capacity: it is
   * better to wait for a busy member than to ask it.
   */
  avoids? (member: string): boolean
}

/** What a strategy may know of the world. */
export interface StrategyEnv {
  /** Monotonic time, ms. */
  now (): number
  /** Uniform in [0, 1). */
  random (): number
  /** Derived from the public identity: equal in all workers and replicas. */
  readonly seed: number
}

export type StrategyFactory = (env: StrategyEnv) => Strategy
