import { createCosts, dollarsOf } from './costs.ts'
import type { Failures } from './blocks/failures.ts'
import type { Costs } from './costs.ts'
import type { Policy } from '@kitsune/want-router'

/** What a process has done since it began. Each isolate of a Worker only knows its own counts. */
export interface Counts {
  readonly costs: Costs
  readonly failures: Failures
  /** Connections that are open. */
  connections: number
  /** Connections that were ended because their sub-requests were used up. */
  budgetsSpent: number
  /** Connections that were ended because their clients took nothing while the memory was needed. */
  stuckEnded: number
  /** Wants that the policies let through. */
  wants: number
  blocks: number
  bytes: number
}

/** Creates the counts of a process that has done nothing yet. */
export function createCounts (): Counts {
  return { costs: createCosts(), failures: new Map(), connections: 0, budgetsSpent: 0, stuckEnded: 0, wants: 0, blocks: 0, bytes: 0 }
}

/** A policy that counts wants and sent blocks, since a router reports both to its policies. */
export function countSent (counts: Counts): Policy {
  return {
    name: 'counts',
    admit () {
      counts.wants++

      return 'pass'
    },
    settled ({ outcome, bytes }) {
      counts.blocks += outcome === 'block' ? 1 : 0
      counts.bytes += bytes
    }
  }
}

/** The counts in the text format of Prometheus. */
export function formatMetrics ({ costs, failures, connections, budgetsSpent, stuckEnded, wants, blocks, bytes }: Counts): string {
  const dollars = dollarsOf(costs)
  const samples: Array<[string, 'counter' | 'gauge', string, Array<[string, number]>]> = [
    ['connections', 'gauge', 'Connections that are open', [['', connections]]],
    ['budgets_spent_total', 'counter', 'Connections that were ended because their sub-requests were used up', [['', budgetsSpent]]],
    ['stuck_ended_total', 'counter', 'Connections that were ended because their clients took nothing while the memory was needed', [['', stuckEnded]]],
    ['wants_total', 'counter', 'Wants that were looked for', [['', wants]]],
    ['blocks_sent_total', 'counter', 'Blocks sent', [['', blocks]]],
    ['sent_bytes_total', 'counter', 'Bytes of blocks sent', [['', bytes]]],
    ['failed_reads_total', 'counter', 'Reads of blocks that failed, by the name of the error', Array.from(failures, ([name, count]) => [`{error="${name.replace(/\W/g, '_')}"}`, count])],
    ['operations_total', 'counter', 'Operations that cost money', Object.entries(costs).map(([kind, count]) => [`{kind="${kind}"}`, count])],
    ['dollars_total', 'counter', 'Price of these operations, without CPU time', [['', dollars]]],
    ['dollars_per_million_blocks', 'gauge', 'Price for a million blocks, without CPU time', [['', blocks === 0 ? 0 : dollars / blocks * 1e6]]]
  ]

  return samples.map(([name, type, help, values]) => [
    `# HELP kitsune_edge_${name} ${help}`,
    `# TYPE kitsune_edge_${name} ${type}`,
    ...values.map(([labels, value]) => `kitsune_edge_${name}${labels} ${value}`)
  ].join('\n')).join('\n') + '\n'
}
