import type { NumberRules } from './check-options.ts'

/**
 * Every default of the router, in one place. Sizes are bytes, times are ms.
 * They are meant to work in front of the internet.
 */
export interface Limits {
  /** Wants kept for one client; the settled-as-absent, then those of lowest priority give way. boxo keeps as many. Default 1,024. */
  wantsPerClient: number
  /** A want that no member could serve is forgotten after this. Default 10 min. */
  wantLifetime: number
  /** Bytes that may wait unsent for one client before nothing more is asked for it. Default 1 MiB. */
  unsentPerClient: number
  /**
   * Expected bytes that may be on their way for one client: begins at
   * `unsentPerPeer`, grows to this while the peer reads as fast as they come. It is
   * what a peer has in two round trips, in which kubo sends 256 KiB over a new
   * stream: at 250 ms 67 MB/s. Default 32 MiB, the most that `unsent` leaves to one.
   */
  inFlightPerClient: number
  /**
   * Bytes that may wait unsent for all clients, what is on its way for them included. None may hold more
   * than it leaves to others. Default 64 MiB.
   */
  unsent: number
  /** While that is nearly used up, a peer that takes nothing of what waits for it for this long is disconnected. Default 10 s, boxo's least send timeout. */
  unreadTimeout: number
  /** Wants open at a member. kubo silently forgets wants above 1,024. Default 512. */
  wantsPerMember: number
  /** Least and most expected bytes open at a member; adapted in between to its latency. Defaults 4 and 32 MiB. */
  minBytesPerMember: number
  maxBytesPerMember: number
  /** Standing wants at a member: those that it keeps after its DONT_HAVE. Default 384, so that with the open ones kubo's 1,024 are never reached. */
  standingPerMember: number
  /** Expected bytes open at all members together. Default 64 MiB. */
  inFlight: number
  /** What a block is taken to weigh before a peer's sizes have been learned. Default 256 KiB, kubo's chunk. */
  expectedBlock: number
  /** For how long a policy may resolve what it has deferred, before it counts as one that failed. Default 5 s. */
  verdictTimeout: number
  /** A block up to this size answers a want-have by itself, as in boxo. Default 1,024. */
  inlineBlock: number
  /**
   * A member that owes something and has said nothing for this long, nor for longer than it usually takes, is
   * passed over while others have capacity, and what it owes no longer holds up the clients that asked for it. Default 250 ms.
   */
  stallTimeout: number
  /** Shortest, first and longest time a member gets for one want while it delivers nothing. Defaults 1, 3 and 10 s. */
  minTimeout: number
  firstTimeout: number
  maxTimeout: number
  /** Failures and timeouts (never DONT_HAVEs) after which a want waits for a recovery. Default 3. */
  tries: number
  /** Retries as a share of first tries; the excess is delayed, never dropped. Default 0.2. */
  retryBudget: number
  /**
   * Share of want-haves that are asked of a second member because the first takes longer than for all but this
   * share. The retry budget bounds them too. 0: none. Default 0.05 (Dean and Barroso, The Tail at Scale).
   */
  hedgeShare: number
  /** No want-have is hedged sooner than this. Default 10 ms. */
  minHedge: number
  /** A want that no member has is asked again this often where it is not a standing want; one that failed, sooner at first. Default 30 s. */
  askAgainAfter: number
  /** A DONT_HAVE of a member that does not keep the want, as no source does, answers no want that comes later than this. Default 5 s. */
  absenceLifetime: number
  /** A member down for longer no longer keeps a DONT_HAVE from being sent, unless all are. Default 60 s. */
  forgetDownAfter: number
  /** Consecutive failures that eject a member. Default 5 (Envoy's outlier detection). */
  ejectAfter: number
  /** First ejection's length; the n-th lasts n times as long, up to `maxEjection`. Defaults 30 s and 300 s. */
  ejection: number
  maxEjection: number
  /** Below this share of healthy members health is ignored. Default 0.5. */
  panic: number
  /** A member that returns from an ejection regains its weight over this time. Default 10 s. */
  slowStart: number
}

/** The defaults of {@link Limits}. */
export const DEFAULT_LIMITS: Readonly<Limits> = {
  wantsPerClient: 1024,
  wantLifetime: 600_000,
  unsentPerClient: 1 << 20,
  inFlightPerClient: 32 << 20,
  unsent: 64 << 20,
  unreadTimeout: 10_000,
  wantsPerMember: 512,
  minBytesPerMember: 4 << 20,
  maxBytesPerMember: 32 << 20,
  standingPerMember: 384,
  inFlight: 64 << 20,
  expectedBlock: 256 << 10,
  verdictTimeout: 5000,
  inlineBlock: 1024,
  stallTimeout: 250,
  minTimeout: 1000,
  firstTimeout: 3000,
  maxTimeout: 10_000,
  tries: 3,
  retryBudget: 0.2,
  hedgeShare: 0.05,
  minHedge: 10,
  askAgainAfter: 30_000,
  absenceLifetime: 5_000,
  forgetDownAfter: 60_000,
  ejectAfter: 5,
  ejection: 30_000,
  maxEjection: 300_000,
  panic: 0.5,
  slowStart: 10_000
}

/** Which of them may be 0, and which are shares; all others are whole numbers above 0. */
export const LIMIT_RULES: NumberRules<keyof Limits> = {
  orZero: ['standingPerMember', 'inlineBlock', 'minHedge', 'absenceLifetime', 'forgetDownAfter', 'slowStart'],
  shares: ['retryBudget', 'hedgeShare', 'panic']
}

/** Where the reverse direction differs: a client that has left is not expected back, so what it may hold counts no longer. */
export const DEFAULT_REVERSE_LIMITS: Partial<Limits> = {
  forgetDownAfter: 0
}

/** What counts in place of the verdict of a policy that fails: the want is refused, and nothing is said. */
export const DEFAULT_POLICY_FAILURE = 'unknown'

/** How often denylists are read again, ms. */
export const DEFAULT_DENYLIST_INTERVAL = 60_000
