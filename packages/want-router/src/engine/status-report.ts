import { activeFetches } from './fetches.ts'
import { memberStatus } from './members.ts'
import type { State } from './state.ts'
import type { EngineStatus } from './status.ts'

/** What the engine tells of itself: it walks the members, and nothing else. */
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
