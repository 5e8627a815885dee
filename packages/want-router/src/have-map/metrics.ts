import type { FirstAnswers, ListStatus } from './have-map.ts'
import type { MemberStatus } from '../engine/status.ts'
import type { Metrics } from '@libp2p/interface'

/** What the metrics of a have-map are read from, when they are asked for. */
export interface HaveMapMetricsSource {
  members (): ReadonlyArray<Pick<MemberStatus, 'id'>>
  list (member: string): ListStatus
  readonly firstAnswers: FirstAnswers
}

type Values = Record<string, number>

/** Registers what a have-map takes and what it is worth. Without one there are no such metrics. */
export function registerHaveMapMetrics (metrics: Metrics, source: HaveMapMetricsSource): void {
  const updates: Array<(lists: ReadonlyArray<[member: string, list: ListStatus]>) => void> = []
  // only a group that is not calculated can be reset: that of a member that has left is to go with it
  metrics.registerMetric('kitsune_router_have_map_members', {
    help: 'Members whose list of blocks has been read',
    calculate () {
      const lists = source.members().map(({ id }): [string, ListStatus] => [id, source.list(id)])
      updates.forEach(update => { update(lists) })

      return lists.filter(([, { mapped }]) => mapped != null).length
    }
  })

  const gauge = (name: string, help: string, read: (list: ListStatus) => number | undefined): void => {
    const group = metrics.registerMetricGroup(`kitsune_router_have_map_${name}`, { help, label: 'member' })
    updates.push(lists => {
      group.reset()
      group.update(Object.fromEntries(lists.map(([member, list]) => [member, read(list)]).filter(([, value]) => value != null)) as Values)
    })
  }

  gauge('blocks', 'Blocks in the list of a member, and those that it has sent since then', ({ mapped }) => mapped?.keys)
  gauge('bytes', 'Memory for the list of a member', ({ mapped }) => mapped?.bytes)
  gauge('false_positive_ratio', 'Share of blocks that a member does not have but is taken to hold', ({ mapped }) => mapped?.falsePositiveRate)
  gauge('read_timestamp_seconds', 'When the list of a member was read, in seconds since 1970', ({ mapped }) => mapped == null ? undefined : mapped.at / 1000)
  gauge('read_seconds', 'How long that took', ({ mapped }) => mapped == null ? undefined : mapped.ms / 1000)
  gauge('failing', '1 while the list of a member cannot be read', ({ mapped, error }) => mapped == null && error == null ? undefined : Number(error != null))

  const counter = (name: keyof FirstAnswers, help: string): void => {
    let before = 0
    metrics.registerCounter(`kitsune_router_have_map_first_${name}_total`, {
      help,
      calculate () {
        const total = source.firstAnswers[name]
        const increase = total - before
        before = total

        return increase
      }
    })
  }

  counter('right', 'Wants whose first answer was the block')
  counter('wrong', 'Wants whose first answer was a DONT_HAVE')
}
