/** Which entries of a wantlist message count, and in which order. */
import { multihashKey } from '@kitsune/bitswap-codec'
import { sameBytes } from '../same-bytes.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'

/** Keeps the last entry of each CID that a message both wants and cancels, as in boxo, where a message has one entry for each CID. */
export function lastEntries (entries: readonly WantEntry[]): readonly WantEntry[] {
  if (!mayContradict(entries)) {
    return entries
  }

  const cids = entries.map(({ cid }) => multihashKey(cid)) // a string of the whole CID's bytes, used as a key
  // of each CID that is wanted: the others need no place in it, and may be many
  const last = new Map<string, number>()

  for (let i = 0; i < entries.length; i++) {
    if (!entries[i].cancel) {
      last.set(cids[i], i)
    }
  }

  for (let i = 0; i < entries.length; i++) {
    if (entries[i].cancel && (last.get(cids[i]) ?? i) < i) {
      last.set(cids[i], i)
    }
  }

  return entries.filter((_, i) => (last.get(cids[i]) ?? i) === i)
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

/** The entries that are not cancels. */
export function wantsOf (entries: readonly WantEntry[]): readonly WantEntry[] {
  return entries.filter(({ cancel }) => !cancel)
}

/** Cuts a list to as many wants as a client may have: those of the highest priority, in their order. */
export function topEntries (entries: readonly WantEntry[], most: number): readonly WantEntry[] {
  if (entries.length <= most) {
    return entries
  }

  const wants = wantsOf(entries)

  if (wants.length <= most) {
    return entries
  }

  const floor = Int32Array.from(wants.map(entry => entry.priority)).sort()[wants.length - most]
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
