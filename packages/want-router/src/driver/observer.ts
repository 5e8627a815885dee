import type { MemberStatus } from '../engine/status.ts'
import type { MemberError, RouterEvent } from '../events.ts'
import type { Logger } from '@libp2p/interface'

/** What is observed, and who hears of it. */
export interface ObserverInit {
  /** The members as they are before anything has happened. */
  readonly members: readonly MemberStatus[]
  onEvent? (event: RouterEvent): void
  readonly log: Logger
  /** Wall clock, ms since 1970. */
  now? (): number
}

/** Reports to an application what changes, and remembers what a status page shows of it. */
export interface Observer {
  /** A member has been added, and is not connected yet. */
  added (member: string): void
  /** A member has been removed: nothing is remembered of it. */
  removed (member: string): void
  /** The engine says that some member's state changed. */
  changed (members: readonly MemberStatus[]): void
  /** A target is down. If it already was, only the reason is new, of which the engine makes nothing. */
  down (member: string, error: Error): void
  /** A target failed to answer a want. */
  failed (member: string, error: Error): void
  /** Something went wrong at a member that failed no want. Application and log hear of it now and then. */
  reported (member: string, error: Error): void
  strategyFailed (method: string, error: unknown): void
  /** A policy failed: there may be one for each want, and the first of a kind is reported. */
  policyFailed (policy: string, method: string, error: unknown): void
  draining (): void
  /** When the member's state last changed, ms since 1970, and its last error. */
  seen (member: string): { readonly since: number, readonly lastError?: MemberError }
}

/** What was last reported of a member. */
interface Reported {
  state: MemberStatus['state']
  why: string | undefined
  since: number
  lastError?: MemberError
  /** When an error of each kind was logged last, and how many have not been since. */
  readonly logged: Partial<Record<LogKind, { readonly at: number, more: number }>>
}

type LogKind = 'failed' | 'reported'

/** A member that fails may do so thousands of times a second, ms. */
const LOG_INTERVAL = 10_000

export function createObserver ({ members, onEvent, log, now = Date.now }: ObserverInit): Observer {
  const told = new Set<string>()
  const all = new Map<string, Reported>(members.map(({ id, state, why }) => [id, { state, why, since: now(), logged: {} }]))

  function emit (event: RouterEvent): void {
    try {
      onEvent?.(event)
    } catch (err) {
      log.error('onEvent threw - %e', err)
    }
  }

  function report (member: string, state: MemberStatus['state'], why: string | undefined): void {
    const reported = all.get(member)

    if (reported == null || (reported.state === state && reported.why === why)) {
      return
    }

    const before = reported.state
    reported.since = before === state ? reported.since : now()
    reported.state = state
    reported.why = why
    log('%s is %s: %s', member, state, why ?? 'well')
    emit({ type: 'member', member, state, before, ...(why == null ? {} : { why }) })
  }

  function note (member: string, error: Error): void {
    const reported = all.get(member)

    if (reported != null) {
      reported.lastError = { message: error.message, at: now() }
    }
  }

  /** False: there was one like it a short time ago. */
  function logNowAndThen (member: string, kind: LogKind, error: Error): boolean {
    const logged = all.get(member)?.logged
    const last = logged?.[kind]

    if (logged == null || (last != null && now() - last.at < LOG_INTERVAL)) {
      last != null && last.more++
      return false
    }

    const more = last == null || last.more === 0 ? '' : ` (and ${last.more} more since the last of these lines)`
    logged[kind] = { at: now(), more: 0 }
    log.error('%s %s%s - %e', member, kind === 'failed' ? 'failed' : 'has an error that fails no want', more, error)
    return true
  }

  return {
    added (member) {
      all.set(member, { state: 'down', why: 'not connected yet', since: now(), logged: {} })
      log('%s is added', member)
      emit({ type: 'member-added', member })
    },

    removed (member) {
      all.delete(member)
      log('%s is removed', member)
      emit({ type: 'member-removed', member })
    },

    changed (members) {
      for (const { id, state, why } of members) {
        report(id, state, why)
      }
    },

    down (member, error) {
      note(member, error)

      if (all.get(member)?.state === 'down') {
        report(member, 'down', error.message)
      }
    },

    failed (member, error) {
      note(member, error)
      logNowAndThen(member, 'failed', error)
      emit({ type: 'member-error', member, error })
    },

    reported (member, error) {
      note(member, error)

      if (logNowAndThen(member, 'reported', error)) {
        emit({ type: 'member-error', member, error })
      }
    },

    strategyFailed (method, error) {
      log.error('the strategy threw from %s, members are ranked as they are configured; further errors of this kind are only counted - %e', method, error)
      emit({ type: 'strategy-error', method, error: toError(error) })
    },

    policyFailed (policy, method, error) {
      const kind = `${method} of ${policy}`

      if (!told.has(kind)) {
        told.add(kind)
        log.error('the policy "%s" failed in %s, and the option policyFailure decides in its place; further errors of this kind are only counted - %e', policy, method, error)
        emit({ type: 'policy-error', policy, method, error: toError(error) })
      }
    },

    draining () {
      log('draining')
      emit({ type: 'draining' })
    },

    seen (member) {
      const { since, lastError } = all.get(member) ?? { since: 0 }
      return { since, lastError }
    }
  }
}

function toError (error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
