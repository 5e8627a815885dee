import type { MemberStatus, MemberTotals } from '../engine/status.ts'

/** The one name of all members that come and go, where each must not have its own. */
export const CLIENTS = '(clients)'

/** What members did that have left, and all members as one. */
export interface LeftTotals {
  /** A member is about to leave. */
  left (member: MemberStatus | undefined): void
  /** All members as one, those that have left included. */
  summary (members: readonly MemberStatus[]): MemberStatus
}

/** Makes totals to which no member has contributed. */
export function createMemberTotals (): LeftTotals {
  const left = noMemberTotals()

  return {
    left (member) {
      if (member != null) {
        add(left, member.totals)
      }
    },

    summary (members) {
      const totals = noMemberTotals()
      add(totals, left)

      for (const member of members) {
        add(totals, member.totals)
      }

      const sum = (read: (member: MemberStatus) => number): number => members.reduce((sum, member) => sum + read(member), 0)
      const latencies = members.flatMap(({ latency }) => latency ?? [])

      return {
        id: CLIENTS,
        generation: 0,
        state: members.some(({ state }) => state === 'up') ? 'up' : 'down',
        draining: false,
        weight: sum(({ weight }) => weight),
        labels: {},
        load: { wants: sum(({ load }) => load.wants), bytes: sum(({ load }) => load.bytes) },
        window: sum(({ window }) => window),
        latency: latencies.length === 0 ? undefined : latencies.reduce((sum, latency) => sum + latency, 0) / latencies.length,
        pendingBytes: sum(({ pendingBytes }) => pendingBytes),
        totals
      }
    }
  }
}

function noMemberTotals (): MemberTotals {
  return { asks: 0, blocks: 0, bytes: 0, haves: 0, dontHaves: 0, failures: 0, timeouts: 0, unsolicited: 0, ejections: 0 }
}

function add (to: MemberTotals, totals: Readonly<MemberTotals>): void {
  for (const key of Object.keys(to) as Array<keyof MemberTotals>) {
    to[key] += totals[key]
  }
}
