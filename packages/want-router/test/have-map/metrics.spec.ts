import { expect } from 'aegir/chai'
import { registerHaveMapMetrics } from '../../src/have-map/metrics.ts'
import { fakeMetrics } from '../fake-metrics.ts'
import type { ListStatus } from '../../src/have-map/have-map.ts'

describe('metrics of a have-map', () => {
  it('show the lists of present members, and first answers', () => {
    const { metrics, scrape } = fakeMetrics()
    const mapped = { keys: 10, bytes: 4096, falsePositiveRate: 0.001, at: 5_000, ms: 250 }
    const lists: Record<string, ListStatus> = {
      read: { mapped },
      failing: { mapped: { ...mapped, keys: 7 }, error: { message: 'no more', at: 6_000 } },
      never: { error: { message: 'refused', at: 6_000 } },
      mute: {}
    }
    let members = Object.keys(lists)
    const firstAnswers = { right: 0, wrong: 0 }
    registerHaveMapMetrics(metrics, { members: () => members.map(id => ({ id })), list: member => lists[member], firstAnswers })
    Object.assign(firstAnswers, { right: 9, wrong: 1 })
    const first = scrape()
    expect(first).to.deep.include({
      kitsune_router_have_map_members: { '': 2 },
      kitsune_router_have_map_blocks: { read: 10, failing: 7 },
      kitsune_router_have_map_bytes: { read: 4096, failing: 4096 },
      kitsune_router_have_map_false_positive_ratio: { read: 0.001, failing: 0.001 },
      kitsune_router_have_map_read_timestamp_seconds: { read: 5, failing: 5 },
      kitsune_router_have_map_read_seconds: { read: 0.25, failing: 0.25 },
      kitsune_router_have_map_failing: { read: 0, failing: 1, never: 1 }
    })

    members = ['read']
    firstAnswers.right++
    const second = scrape()
    expect(second.kitsune_router_have_map_failing, 'those that have left').to.deep.equal({ read: 0 })
    expect(second.kitsune_router_have_map_first_right_total).to.deep.equal({ '': 10 })
    expect(second.kitsune_router_have_map_first_wrong_total).to.deep.equal({ '': 1 })
  })
})
