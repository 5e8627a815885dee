import { createChangeLog } from './log/change-log.ts'
import { whyNotReady } from './readiness.ts'
import type { UpstreamHost } from './hosts.ts'
import type { ChangeLog } from './log/change-log.ts'
import type { Log } from './log/log.ts'
import type { RouterEvent, RouterMemberStatus } from '@kitsune/want-router'

/** How often to check readiness, which can also change without an event of the router (clients come and go), ms. */
const READINESS_INTERVAL = 1000

/** Holds events back until the balancer has started, so that the log of a failed start only says why it failed. */
export interface EventGate {
  push (event: RouterEvent): void
  /** Passes on the events so far and all later ones. */
  open (listener: (event: RouterEvent) => void): void
}

/** Creates a closed gate, which keeps events until `open` sets the listener. */
export function createEventGate (): EventGate {
  const held: RouterEvent[] = []
  let listener = (event: RouterEvent): void => { held.push(event) }

  return {
    push: event => { listener(event) },
    open (next) {
      listener = next
      held.splice(0).forEach(next)
    }
  }
}

/** Logs events of the router and changes of readiness. */
export function logEvents (upstream: UpstreamHost, log: Log, events: EventGate): { changes: ChangeLog, timer: NodeJS.Timeout } {
  const { router } = upstream.services
  const changes = createChangeLog({ log, whereIs: id => whereIs(router.status().members, id) })
  const timer = setInterval(() => { changes.readiness(whyNotReady(upstream)) }, READINESS_INTERVAL).unref()

  events.open(event => {
    changes.event(event)
    changes.readiness(whyNotReady(upstream))
  })

  return { changes, timer }
}

function whereIs (members: readonly RouterMemberStatus[], id: string): { peer?: string, address?: string } {
  const { peer, connectedTo } = members.find(member => member.id === id) ?? {}

  return { peer, address: connectedTo?.[0] }
}
