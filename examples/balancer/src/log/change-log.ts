import { createQuota } from './quota.ts'
import type { Log, LogFields, LogLevel } from './log.ts'
import type { After } from './quota.ts'
import type { RouterEvent } from '@kitsune/want-router'

interface ChangeLogInit {
  readonly log: Log
  /** Peer id and address of a node, once they are known. */
  whereIs? (member: string): { readonly peer?: string, readonly address?: string }
  readonly after?: After
}

/** Logs changes of nodes and of readiness, with a limit on the lines a minute about each node. */
export interface ChangeLog {
  event (event: RouterEvent): void
  /** Takes the reason why the balancer is not ready, or undefined if it is; logs only changes. */
  readiness (reason: string | undefined): void
  /** Writes the lines that the quota held back. */
  close (): void
}

const PERIOD = 60_000
// a node that goes and comes back causes two lines each time
const CHANGES = 6
// the reason in /readyz, for which a separate line is logged
const DRAINING = 'draining'
// a block source that fails may fail for each want
const ERRORS = 1

/** Creates a log of changes. It limits the lines about one subject by a quota. */
export function createChangeLog ({ log, whereIs, after }: ChangeLogInit): ChangeLog {
  const changes = createQuota({ burst: CHANGES, period: PERIOD, after })
  const errors = createQuota({ burst: ERRORS, period: PERIOD, after })
  // null: nothing has been reported yet
  let ready: string | undefined | null = null

  function write (quota: typeof changes, subject: string, level: LogLevel, message: string, fields?: LogFields): void {
    quota.spend(subject, leftOut => {
      log[level](leftOut === 0 ? message : `${message} (${leftOut} earlier lines about it were left out)`, { ...fields, ...(leftOut === 0 ? {} : { leftOut }) })
    })
  }

  return {
    event (event) {
      if (event.type === 'draining') {
        log.info('draining: refusing new clients', { event: 'draining' })
      } else if (event.type === 'strategy-error') {
        const { method, error } = event
        log.error(`the strategy threw in ${method}, so nodes are asked in the order of the configuration: ${error.message}`, { event: 'strategy-error', method, reason: error.message, stack: error.stack })
      } else if (event.type === 'policy-error') {
        const { policy, method, error } = event
        log.error(`the policy ${policy} failed in ${method}: ${error.message}`, { event: 'policy-error', policy, method, reason: error.message, stack: error.stack })
      } else if (event.type === 'member-error') {
        const { member, error } = event
        write(errors, member, 'warn', `node ${member} failed: ${error.message}`, { event: 'node-error', node: member, reason: error.message })
      } else if (event.type === 'member-added' || event.type === 'member-removed') {
        const { type, member } = event
        write(changes, member, 'info', `node ${member} is ${type === 'member-added' ? 'added' : 'removed'}`, { event: type === 'member-added' ? 'node-added' : 'node-removed', node: member })
      } else {
        const { member, state, before, why } = event
        const { peer, address } = state === 'up' ? whereIs?.(member) ?? {} : {}
        const fields = { event: 'node', node: member, state, before, reason: why, peer, address }
        write(changes, member, state === 'up' ? 'info' : 'warn', `node ${member} ${phrase(event, peer, address)}`, fields)
      }
    },

    readiness (reason) {
      if (reason === ready) {
        return
      }

      ready = reason

      if (reason == null) {
        write(changes, '', 'info', 'ready', { event: 'ready' })
      } else if (reason !== DRAINING) {
        write(changes, '', 'warn', `not ready: ${reason}`, { event: 'not-ready', reason })
      }
    },

    close () {
      changes.close()
      errors.close()
    }
  }
}

function phrase ({ state, before, why }: Extract<RouterEvent, { type: 'member' }>, peer?: string, address?: string): string {
  switch (state) {
    case 'up':
      return `${before === 'ejected' ? 'is readmitted' : 'is up'}${peer == null ? '' : `: peer ${peer}`}${address == null ? '' : ` at ${address}`}`
    case 'ejected':
      return `is ejected: ${why ?? 'it fails'}`
    case 'draining':
      return `is draining${why == null ? '' : `: ${why}`}`
    default:
      return `is down: ${why ?? 'disconnected'}`
  }
}
