import { registerLatencyMetrics } from './latency-metrics.ts'
import type { EngineStatus, MemberStatus } from './engine/status.ts'
import type { LatencyMetrics } from './latency-metrics.ts'
import type { NetworkStats } from './network/stats.ts'
import type { PolicyStatus } from './policies/policy.ts'
import type { Metrics } from '@libp2p/interface'

/** What metrics are read from, at the moment they are asked for. */
export interface MetricsSource {
  status (): EngineStatus
  network (): NetworkStats
  policies (): readonly PolicyStatus[]
  /** Messages that were read and then dropped, on both sides. */
  dropped (): number
}

/**
 * Registers the router's metrics with libp2p's `Metrics`. Nothing is counted
 * twice: each value but times is read from the router when it is scraped. Its
 * members are labelled, clients never: anyone can make more of those. Returns
 * what times are told to.
 */
export function registerMetrics (metrics: Metrics, source: MetricsSource): LatencyMetrics {
  const counter = (name: string, help: string, read: (status: EngineStatus) => number): void => {
    const since = increase()
    metrics.registerCounter(`kitsune_router_${name}_total`, { help, calculate: () => since('', read(source.status())) })
  }

  const gauge = (name: string, help: string, read: (status: EngineStatus) => number): void => {
    metrics.registerMetric(`kitsune_router_${name}`, { help, calculate: () => read(source.status()) })
  }

  gauge('clients', 'Clients that are connected and have asked for something', status => status.clients)
  gauge('wants', 'Wants kept for clients', status => status.wants)
  gauge('parked_wants', 'Wants that wait for a verdict of the policies', status => status.parked)
  gauge('fetches', 'Distinct multihashes wanted', status => status.fetches)
  gauge('unsent_bytes', 'Bytes of replies waiting for clients', status => status.unsent)
  counter('wants', 'Wants received', status => status.totals.wants)
  counter('bad_wants', 'Wants with a malformed CID', status => status.totals.badWants)
  counter('unverifiable_wants', 'Wants whose hash function cannot be verified, so that no member is asked', status => status.totals.unverifiableWants)
  counter('cancels', 'Cancels received', status => status.totals.cancels)
  counter('coalesced_wants', 'Wants that joined one already on its way', status => status.totals.coalesced)
  counter('blocks_sent', 'Blocks sent to clients', status => status.totals.blocksSent)
  counter('sent_bytes', 'Bytes of blocks sent to clients', status => status.totals.bytesSent)
  counter('haves_sent', 'HAVEs sent to clients', status => status.totals.havesSent)
  counter('dont_haves_sent', 'DONT_HAVEs sent to clients', status => status.totals.dontHavesSent)
  counter('retries', 'Wants asked again after a failure or a timeout', status => status.totals.retries)
  counter('hedges', 'Want-haves asked of a second member while the first was slow', status => status.totals.hedges)
  counter('evicted_wants', 'Wants given up because a peer had too many', status => status.totals.evicted)
  counter('refused_wants', 'Wants that a policy refused', status => status.totals.refused)
  counter('expired_wants', 'Wants given up because no member could serve them in their lifetime', status => status.totals.expired)
  counter('strategy_errors', 'Times that the strategy threw, and members were ranked as they are configured', status => status.totals.strategyErrors)
  counter('copies_lost', 'Replies not kept for a peer that reads too slowly', status => status.totals.copiesLost)

  counter('unread_disconnects', 'Clients disconnected since they took nothing while memory for replies was nearly used up', status => status.totals.closedUnread)

  const traffic = (name: string, help: string, read: (stats: NetworkStats) => number): void => {
    counter(name, help, () => read(source.network()))
  }

  traffic('streams_opened', 'Bitswap streams opened to clients', stats => stats.streamsOpened)
  traffic('streams_received', 'Bitswap streams that clients opened', stats => stats.streamsReceived)
  traffic('messages_received', 'Messages from clients', stats => stats.framesIn)
  traffic('messages_sent', 'Messages to clients', stats => stats.framesOut)
  traffic('bad_messages', 'Streams of clients that were reset for what came on them', stats => stats.badFrames)
  counter('dropped_messages', 'Messages from clients or members that were read and then dropped', source.dropped)
  traffic('resent_messages', 'Messages sent again since their stream had broken', stats => stats.resends)

  const policyCounter = (name: string, help: string, read: (policy: PolicyStatus) => number): void => {
    const since = increase()
    metrics.registerCounterGroup(`kitsune_router_policy_${name}_total`, {
      help,
      label: 'policy',
      calculate () {
        // one policy may serve both directions
        const sums = new Map<string, number>()

        for (const policy of source.policies()) {
          sums.set(policy.name, (sums.get(policy.name) ?? 0) + read(policy))
        }

        return Object.fromEntries(Array.from(sums, ([name, sum]) => [name, since(name, sum)]))
      }
    })
  }

  policyCounter('refusals', 'Wants that a policy refused', policy => policy.refused)
  policyCounter('errors', 'Times that a policy threw, took too long, or answered with something that is not a verdict', policy => policy.errors)
  policyCounter('timeouts', 'Times that a policy took too long', policy => policy.timeouts)

  registerMemberMetrics(metrics, () => source.status().members, () => { latencies.memberLeft() })
  const latencies = registerLatencyMetrics(metrics)

  return latencies
}

/**
 * Metrics of each member. Those of one that has left are to go with it, and only a
 * group that is not calculated can be reset: so one metric is, which stands before
 * the others and brings them up to date.
 */
function registerMemberMetrics (metrics: Metrics, read: () => readonly MemberStatus[], memberLeft: () => void): void {
  const updates: Array<(members: readonly MemberStatus[], left: boolean) => void> = []
  const haveLeft = departures()
  metrics.registerMetric('kitsune_router_members', {
    help: 'Members, connected or not',
    calculate () {
      const members = read()
      const left = haveLeft(members)

      if (left) {
        memberLeft()
      }

      for (const update of updates) {
        update(members, left)
      }

      return members.length
    }
  })

  const memberGauge = (name: string, help: string, read: (member: MemberStatus) => number): void => {
    const group = metrics.registerMetricGroup(`kitsune_router_member_${name}`, { help, label: 'member' })
    updates.push((members, left) => {
      if (left) {
        group.reset()
      }

      group.update(Object.fromEntries(members.map(member => [member.id, read(member)])))
    })
  }

  const memberCounter = (name: string, help: string, read: (member: MemberStatus) => number): void => {
    const group = metrics.registerCounterGroup(`kitsune_router_member_${name}_total`, { help, label: 'member' })
    let since = increase()
    updates.push((members, left) => {
      if (left) {
        // those that stay begin again where they are
        group.reset()
        since = increase()
      }

      group.increment(Object.fromEntries(members.map(member => [member.id, since(member.id, read(member))])))
    })
  }

  memberGauge('up', '1 for a member that is connected and not ejected', member => member.state === 'up' ? 1 : 0)
  memberGauge('draining', '1 for a member that is asked nothing new', member => member.draining ? 1 : 0)
  memberGauge('ejected', '1 for a member that is put aside for its failures', member => member.state === 'ejected' ? 1 : 0)
  memberGauge('open_wants', 'Wants open at a member', member => member.load.wants)
  memberGauge('open_bytes', 'Bytes expected from a member', member => member.load.bytes)
  memberGauge('window_bytes', 'Bytes that may be expected from a member at once, adapted to its path', member => member.window)
  memberGauge('latency_seconds', 'Smoothed time of a member to a block', member => (member.latency ?? 0) / 1000)
  memberCounter('asks', 'Wants asked of a member', member => member.totals.asks)
  memberCounter('blocks', 'Blocks received from a member', member => member.totals.blocks)
  memberCounter('received_bytes', 'Bytes of blocks received from a member', member => member.totals.bytes)
  memberCounter('dont_haves', 'Wants that a member answered with DONT_HAVE', member => member.totals.dontHaves)
  memberCounter('failures', 'Tries that failed at a member, timeouts included', member => member.totals.failures)
  memberCounter('timeouts', 'Tries that timed out at a member', member => member.totals.timeouts)
  memberCounter('unsolicited_blocks', 'Blocks that a member sent without having been asked for them', member => member.totals.unsolicited)
  memberCounter('ejections', 'Times a member was put aside', member => member.totals.ejections)
}

/** Tells whether a member has left since it was asked last, even if another one has its name by now. */
function departures (): (members: readonly MemberStatus[]) => boolean {
  let before = new Map<string, number>()

  return members => {
    const now = new Map(members.map(({ id, generation }) => [id, generation]))
    const left = [...before].some(([id, generation]) => now.get(id) !== generation)
    before = now

    return left
  }
}

/**
 * libp2p's Prometheus metrics add what a counter's `calculate` returns at every
 * scrape, so it has to be the increase since the last one.
 */
function increase (): (key: string, total: number) => number {
  const last = new Map<string, number>()

  return (key, total) => {
    const before = last.get(key) ?? 0
    last.set(key, total)

    return total - before
  }
}
