/** Which entries of a wantlist message count, and in which order. */
import { multihashKey } from '@kitsune/bitswap-codec'
import { sameBytes } from '../same-bytes.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'

/** Keeps the last entry of each CID, as in boxo, where a message has one entry for each. */
export function lastEntries (entries: readonly WantEntry[]): readonly WantEntry[] {
  if (!mayContradict(entries)) {
    return entries
  }

  const last = new Map<string, WantEntry>()

  for (const entry of entries) {
    const cid = multihashKey(entry.cid) // a string of the whole CID's bytes, used as a key
    last.delete(cid)
    last.set(cid, entry)
  }

  return [...last.values()]
}

// up to this many entries are compared with each other, which costs less than a Map
const FEW = 32

/** Whether a message may both want and cancel a CID. Most have few entries, and do not. */
function mayContradict (entries: readonly WantEntry[]): boolean {
  const few = entries.length <= FEW
  let cancels = false
  let wants = false

  for (const { cancel, cid } of entries) {
    cancels ||= cancel
    wants ||= !cancel

    if (few && cancel && isWanted(entries, cid)) {
      return true
    }
  }

  return !few && cancels && wants
}

function isWanted (entries: readonly WantEntry[], cid: Uint8Array): boolean {
  return entries.some(entry => !entry.cancel && sameBytes(entry.cid, cid))
}

/** Cuts a list to as many wants as a client may have: those of the highest priority, in their order. */
export function topEntries (entries: readonly WantEntry[], most: number): readonly WantEntry[] {
  if (entries.length <= most) {
    return entries
  }

  const wants = entries.filter(entry => !entry.cancel)

  if (wants.length <= most) {
    return entries
  }

  const floor = wants.map(entry => entry.priority).sort((a, b) => b - a)[most - 1]
  let ties = most - wants.filter(entry => entry.priority > floor).length

  return entries.filter(entry => entry.cancel || entry.priority > floor || (entry.priority === floor && ties-- > 0))
}

/** Entries by priority, high first; most senders order them so already. */
export function byPriority (entries: readonly WantEntry[]): readonly WantEntry[] {
  for (let i = 1; i < entries.length; i++) {
    if (entries[i].priority > entries[i - 1].priority) {
      return [...entries].sort((a, b) => b.priority - a.priority)
    }
  }

  return entries
}
