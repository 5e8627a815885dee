import type { MemberStatus } from './engine/status.ts'

/**
 * What an operator should know, as it happens. The router prints nothing: an
 * application decides what to do with these.
 */
export type RouterEvent = MemberEvent | MemberAddedEvent | MemberRemovedEvent | MemberErrorEvent | StrategyErrorEvent | PolicyErrorEvent | DrainingEvent

/** A member's state changed, or the reason for it: it came up, went down, was ejected or readmitted, or drains. */
export interface MemberEvent {
  readonly type: 'member'
  readonly member: string
  readonly state: MemberStatus['state']
  /** The state before; the same one if only the reason is new, as while a node cannot be dialled. */
  readonly before: MemberStatus['state']
  /** Why it is down or ejected; undefined for a member that is up. */
  readonly why?: string
}

/** A member was added while the router runs, by the application or by a discovery. It is down until it is connected. */
export interface MemberAddedEvent {
  readonly type: 'member-added'
  readonly member: string
}

/** A member was removed: at once, or when it had been drained. */
export interface MemberRemovedEvent {
  readonly type: 'member-removed'
  readonly member: string
}

/**
 * A member could not answer a want and said why: a block source threw. There may be one for each want. Or, with a `haveMap`, a
 * member could not list its blocks: there is one for the first of several such failures.
 */
export interface MemberErrorEvent {
  readonly type: 'member-error'
  readonly member: string
  readonly error: Error
}

/** The strategy threw. It is told of the first error of each of its methods; all are counted in `totals.strategyErrors`. */
export interface StrategyErrorEvent {
  readonly type: 'strategy-error'
  /** `rank`, `update`, `observe` or `avoids`. */
  readonly method: string
  readonly error: Error
}

/** A policy failed. It is told of the first error of each of its methods; all are counted in the policy's status. */
export interface PolicyErrorEvent {
  readonly type: 'policy-error'
  /** The policy's name. */
  readonly policy: string
  /** `admit`, `resolve`, `settled`, `verified` or `gone`. */
  readonly method: string
  readonly error: Error
}

/** The router takes no new peers and finishes what it has. */
export interface DrainingEvent {
  readonly type: 'draining'
}

/** An error that a member reported. */
export interface MemberError {
  readonly message: string
  /** When, in ms since 1970. */
  readonly at: number
}
