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
  /** The engine says that some member's state changed. */
  changed (members: readonly MemberStatus[]): void
  /** A target is down. If it already was, only the reason is new, of which the engine makes nothing. */
  down (member: string, error: Error): void
  /** A target failed to answer a want. */
  failed (member: string, error: Error): void
  strategyFailed (method: string, error: unknown): void
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
}

export function createObserver ({ members, onEvent, log, now = Date.now }: ObserverInit): Observer {
  const all = new Map<string, Reported>(members.map(({ id, state, why }) => [id, { state, why, since: now() }]))

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

  return {
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
      log('%s failed - %e', member, error)
      emit({ type: 'member-error', member, error })
    },

    strategyFailed (method, error) {
      log.error('the strategy threw from %s, members are ranked as they are configured; further errors of this kind are only counted - %e', method, error)
      emit({ type: 'strategy-error', method, error: error instanceof Error ? error : new Error(String(error)) })
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
