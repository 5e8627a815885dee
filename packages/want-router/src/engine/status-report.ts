import { activeFetches } from './fetches.ts'
import { memberStatus } from './members.ts'
import type { State } from './state.ts'
import type { EngineStatus } from './status.ts'

/** The public state of an engine. It walks the members, but no clients or fetches. */
export function engineStatus (state: State): EngineStatus {
  return {
    draining: state.draining,
    clients: state.clients.size,
    wants: state.wants,
    parked: state.parked.wants,
    fetches: state.fetches.all.size,
    active: activeFetches(state),
    unsent: state.unsent,
    members: Array.from(state.members.values(), memberStatus),
    peaks: { ...state.peaks },
    totals: { ...state.totals }
  }
}
