import { broken } from '../errors.ts'
import { cidText } from '../scenario/blocks.ts'
import type { MemberModel } from './member-model.ts'
import type { ObservedClient, WantModel } from './want-model.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'
import type { Limits } from '@kitsune/want-router'

/** A message after which wants were evicted. */
interface Evicting {
  readonly client: ObservedClient
  readonly entries: readonly WantEntry[]
  readonly full: boolean
  readonly count: number
}

/** What a message may have cost a client that wants more than it may. */
export function expectEvicted ({ client, entries, full, count }: Evicting, wants: WantModel, members: MemberModel, { wantsPerClient }: Limits): void {
  const asked = entries.filter(({ cancel }) => !cancel)
  if (asked.length <= wantsPerClient && client.wants.size <= wantsPerClient) {
    broken('eviction', `${client.id} lost ${count} wants by a message of ${asked.length}, after which it had ${client.wants.size} of at most ${wantsPerClient}`)
  }
  if (full && asked.length === entries.length) {
    cut(client, asked, wants, wantsPerClient)
    return
  }
  const highest = Math.max(...asked.map(({ priority }) => priority))
  for (const want of client.wants.values()) {
    // a want that is looked for gives way only to those of higher priority; one that may have its HAVE is not
    if (want.priority <= highest || members.affirmed(want.key) || (members.tried(want.key) && !members.isOpen(want.key)) || wants.wantedByMember(want.key)) {
      want.sure = false
      want.promises = 0
    }
  }
}

/** A full list that is too long keeps its entries of highest priority; of equals any may go. */
function cut (client: ObservedClient, entries: readonly WantEntry[], wants: WantModel, most: number): void {
  const floor = entries.map(({ priority }) => priority).sort((a, b) => b - a)[most - 1] ?? -Infinity
  const named = new Map<string, { least: number, most: number }>()
  for (const { cid, priority } of entries) {
    const text = cidText(cid)
    const { least, most } = named.get(text) ?? { least: Infinity, most: -Infinity }
    named.set(text, { least: Math.min(least, priority), most: Math.max(most, priority) })
  }
  for (const [text, want] of [...client.wants]) {
    const { least, most } = named.get(text) ?? { least: -Infinity, most: -Infinity }
    if (most < floor) {
      wants.end(want)
    } else if (least <= floor) {
      want.sure = false
      want.promises = 0
    }
  }
}
