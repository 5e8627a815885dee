import { dollarsOf } from '../costs.ts'
import type { Costs } from '../costs.ts'

/** What an isolate has done since it began. There are many isolates, and each answers for itself. */
export interface IsolateCounts {
  readonly costs: Costs
  /** Connections that are open. */
  connections: number
  /** Connections that ended since their budget of sub-requests was spent. */
  budgetsSpent: number
  blocks: number
  bytes: number
}

/** The counts in the text format of Prometheus. */
export function formatMetrics ({ costs, connections, budgetsSpent, blocks, bytes }: IsolateCounts): string {
  const dollars = dollarsOf(costs)
  const samples: Array<[string, 'counter' | 'gauge', string, Array<[string, number]>]> = [
    ['connections', 'gauge', 'Connections that are open in this isolate', [['', connections]]],
    ['budgets_spent_total', 'counter', 'Connections that ended since their sub-requests were used up', [['', budgetsSpent]]],
    ['blocks_sent_total', 'counter', 'Blocks sent', [['', blocks]]],
    ['sent_bytes_total', 'counter', 'Bytes of blocks sent', [['', bytes]]],
    ['operations_total', 'counter', 'Operations that are paid for', Object.entries(costs).map(([kind, count]) => [`{kind="${kind}"}`, count])],
    ['dollars_total', 'counter', 'What these operations cost, without CPU time', [['', dollars]]],
    ['dollars_per_million_blocks', 'gauge', 'The same, for a million blocks', [['', blocks === 0 ? 0 : dollars / blocks * 1e6]]]
  ]

  return samples.map(([name, type, help, values]) => [
    `# HELP kitsune_edge_${name} ${help}`,
    `# TYPE kitsune_edge_${name} ${type}`,
    ...values.map(([labels, value]) => `kitsune_edge_${name}${labels} ${value}`)
  ].join('\n')).join('\n') + '\n'
}
