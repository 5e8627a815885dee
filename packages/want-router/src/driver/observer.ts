import type { MemberStatus } from '../engine/status.ts'
import type { MemberError, RouterEvent } from '../events.ts'
import type { Logger } from '@libp2p/interface'

/** What an observer is made with. */
export interface ObserverInit {
  /** The members at the start. */
  readonly members: readonly MemberStatus[]
  onEvent? (event: RouterEvent): void
  readonly log: Logger
  /** Wall clock, ms since 1970. */
  now? (): number
}

/** Reports changes to the application and the log, and remembers those that a status page shows. */
export interface Observer {
  /** A member has been added, and is not connected yet. */
  added (member: string): void
  /** A member has been removed: the observer forgets it. */
  removed (member: string): void
  /** The engine reports that a member's state has changed. */
  changed (members: readonly MemberStatus[]): void
  /** A target is down. If it already was, the engine ignores the new reason, which is reported here. */
  down (member: string, error: Error): void
  /** A target failed to answer a want. */
  failed (member: string, error: Error): void
  /** A member has an error that fails no want. It is reported to the application and the log at intervals. */
  reported (member: string, error: Error): void
  strategyFailed (method: string, error: unknown): void
  /** A policy failed. Only the first error of each method of a policy is reported, since there may be one for each want. */
  policyFailed (policy: string, method: string, error: unknown): void
  draining (): void
  /** When the member's state last changed, ms since 1970, and its last error. */
  seen (member: string): { readonly since: number, readonly lastError?: MemberError }
}

/** What was last reported about a member. */
interface Reported {
  state: MemberStatus['state']
  why: string | undefined
  since: number
  lastError?: MemberError
  /** When an error of each kind was last logged, and how many have not been logged since. */
  readonly logged: Partial<Record<LogKind, { readonly at: number, more: number }>>
}

type LogKind = 'failed' | 'reported'

/** Time between two log lines of a kind, since a member may fail thousands of times a second, ms. */
const LOG_INTERVAL = 10_000

/** Makes an observer that has seen nothing yet. */
export function createObserver (init: ObserverInit): Observer {
  return new MemberObserver(init)
}

class MemberObserver implements Observer {
  readonly #onEvent: ObserverInit['onEvent']
  readonly #log: Logger
  readonly #now: () => number
  /** Methods of policies whose failure was reported. */
  readonly #told = new Set<string>()
  readonly #all: Map<string, Reported>

  constructor ({ members, onEvent, log, now = Date.now }: ObserverInit) {
    this.#onEvent = onEvent
    this.#log = log
    this.#now = now
    this.#all = new Map(members.map(({ id, state, why }) => [id, { state, why, since: now(), logged: {} }]))
  }

  added (member: string): void {
    this.#all.set(member, { state: 'down', why: 'not connected yet', since: this.#now(), logged: {} })
    this.#log('%s is added', member)
    this.#emit({ type: 'member-added', member })
  }

  removed (member: string): void {
    this.#all.delete(member)
    this.#log('%s is removed', member)
    this.#emit({ type: 'member-removed', member })
  }

  changed (members: readonly MemberStatus[]): void {
    for (const { id, state, why } of members) {
      this.#report(id, state, why)
    }
  }

  down (member: string, error: Error): void {
    this.#note(member, error)

    if (this.#all.get(member)?.state === 'down') {
      this.#report(member, 'down', error.message)
    }
  }

  failed (member: string, error: Error): void {
    this.#note(member, error)
    this.#logNowAndThen(member, 'failed', error)
    this.#emit({ type: 'member-error', member, error })
  }

  reported (member: string, error: Error): void {
    this.#note(member, error)

    if (this.#logNowAndThen(member, 'reported', error)) {
      this.#emit({ type: 'member-error', member, error })
    }
  }

  strategyFailed (method: string, error: unknown): void {
    this.#log.error('the strategy threw in %s, and members are ranked in the order of the configuration; further errors of this kind are only counted - %e', method, error)
    this.#emit({ type: 'strategy-error', method, error: toError(error) })
  }

  policyFailed (policy: string, method: string, error: unknown): void {
    const kind = `${method} of ${policy}`

    if (!this.#told.has(kind)) {
      this.#told.add(kind)
      this.#log.error('the policy "%s" failed in %s, and the option policyFailure decides in its place; further errors of this kind are only counted - %e', policy, method, error)
      this.#emit({ type: 'policy-error', policy, method, error: toError(error) })
    }
  }

  draining (): void {
    this.#log('draining')
    this.#emit({ type: 'draining' })
  }

  seen (member: string): ReturnType<Observer['seen']> {
    const { since, lastError } = this.#all.get(member) ?? { since: 0 }

    return { since, lastError }
  }

  #emit (event: RouterEvent): void {
    try {
      this.#onEvent?.(event)
    } catch (err) {
      this.#log.error('onEvent threw - %e', err)
    }
  }

  #report (member: string, state: MemberStatus['state'], why: string | undefined): void {
    const reported = this.#all.get(member)

    if (reported == null || (reported.state === state && reported.why === why)) {
      return
    }

    const before = reported.state
    reported.since = before === state ? reported.since : this.#now()
    reported.state = state
    reported.why = why
    this.#log('%s is %s: %s', member, state, why ?? 'well')
    this.#emit({ type: 'member', member, state, before, ...(why == null ? {} : { why }) })
  }

  #note (member: string, error: Error): void {
    const reported = this.#all.get(member)

    if (reported != null) {
      reported.lastError = { message: error.message, at: this.#now() }
    }
  }

  /** False: there was an error of the same kind a short time ago. */
  #logNowAndThen (member: string, kind: LogKind, error: Error): boolean {
    const logged = this.#all.get(member)?.logged
    const last = logged?.[kind]

    if (logged == null || (last != null && this.#now() - last.at < LOG_INTERVAL)) {
      last != null && last.more++

      return false
    }

    const more = last == null || last.more === 0 ? '' : ` (and ${last.more} more since the last such line)`
    logged[kind] = { at: this.#now(), more: 0 }
    this.#log.error('%s %s%s - %e', member, kind === 'failed' ? 'failed' : 'has an error that fails no want', more, error)

    return true
  }
}

function toError (error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
