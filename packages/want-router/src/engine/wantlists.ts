/** Wantlist messages: what each entry means for the wants that a client has. */
import { isIdentity, multihashKey, wantKey } from '@kitsune/bitswap-codec'
import { findWant } from './clients.ts'
import { createEvictions } from './evictions.ts'
import { endSuspended, resumeWant } from './suspended-wants.ts'
import { endWant, refuseWant, serveIdentity } from './want-ends.ts'
import { byPriority, lastEntries, topEntries, wantsOf } from './wantlist-entries.ts'
import type { Evictions } from './evictions.ts'
import type { Client, ClientWant } from './model.ts'
import type { State } from './state.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/**
 * Of a message with more wants than this, and than four times what a client may have, the others are counted but not
 * refused one by one: a message of 4 MiB can have 80,000, and each report costs as much as a want.
 */
const MOST_READ = 4096

/** Handles a client's wantlist message. A malformed entry is ignored, and the others count. */
export function onWants (state: State, client: Client, entries: readonly WantEntry[], full: boolean, connection?: number): void {
  const most = state.limits.wantsPerClient
  const read = topEntries(entries, Math.max(MOST_READ, 4 * most))
  const all = lastEntries(read)
  const top = topEntries(all, most)
  state.totals.evicted += entries.length - read.length + all.length - top.length

  if (top.length < all.length) {
    cutList(state, client, all, top, full)
  }

  // cancels first, so that new wants need not evict others
  for (const entry of top) {
    if (entry.cancel) {
      onCancel(state, client, entry)
    }
  }

  if (full) {
    replaceList(state, client, top)
  }

  const before = state.totals.wants
  let evictions: Evictions | undefined
  const evicts = (): Evictions => (evictions ??= createEvictions(client))

  for (const entry of byPriority(top)) {
    const key = entry.cancel ? undefined : wantKey(entry.cid)

    if (key != null) {
      state.totals.wants++
      onWant(state, client, key, entry, evicts, connection)
    } else if (!entry.cancel) {
      state.totals.badWants++
    }
  }

  countBrought(state, client, state.totals.wants - before)
}

/** Counts together what a client sends between two flushes, since no other work is done in between. */
function countBrought ({ flushes, peaks }: State, client: Client, wants: number): void {
  client.brought = (client.broughtAfter === flushes ? client.brought : 0) + wants
  client.broughtAfter = flushes
  peaks.wants = Math.max(peaks.wants, client.brought)
}

/**
 * Refuses the wants that are cut from a list that is too long; if the list replaces the client's, wants that
 * the client had are evicted.
 */
function cutList (state: State, client: Client, all: readonly WantEntry[], top: readonly WantEntry[], full: boolean): void {
  const named = new Set(wantsOf(top).map(({ cid }) => multihashKey(cid)))

  for (const entry of wantsOf(all)) {
    const id = multihashKey(entry.cid)
    const key = named.has(id) ? undefined : wantKey(entry.cid)

    if (key == null) {
      continue
    }

    named.add(id)
    const want = findWant(client, key, entry.cid)

    if (want == null && !client.suspended.has(id)) {
      refuseWant(state, client, entry)
    } else if (full && want != null) {
      endWant(state, want, 'evicted')
    } else if (full) {
      endSuspended(state, client, id, 'evicted')
    }
  }
}

function onCancel (state: State, client: Client, { cid }: WantEntry): void {
  const key = wantKey(cid)

  if (key == null) {
    state.totals.badWants++

    return
  }

  state.totals.cancels++
  const want = findWant(client, key, cid)

  if (want != null) {
    endWant(state, want, 'cancelled')
  } else if (client.suspended.size > 0) {
    endSuspended(state, client, multihashKey(cid), 'cancelled')
  }
}

/** Replaces this client's list by a full one: wants that the full list does not name end. */
function replaceList (state: State, client: Client, entries: readonly WantEntry[]): void {
  // suspended wants end, and those that the list names begin again
  for (const id of client.suspended.keys()) {
    endSuspended(state, client, id, 'cancelled')
  }

  if (client.wants.size === 0) {
    return
  }

  const named = new Set<ClientWant>()

  for (const { cid, cancel } of entries) {
    const key = cancel ? undefined : wantKey(cid)
    const want = key == null ? undefined : findWant(client, key, cid)

    if (want != null) {
      named.add(want)
    }
  }

  for (const want of client.wants) {
    if (!named.has(want)) {
      endWant(state, want, 'cancelled')
    }
  }
}

function onWant (state: State, client: Client, key: WantKey, entry: WantEntry, evicts: () => Evictions, connection: number | undefined): void {
  const known = findWant(client, key, entry.cid)

  if (known != null) {
    state.intake.repeat(state, known, entry, connection)

    return
  }

  if (isIdentity(entry.cid)) {
    serveIdentity(state, client, entry)

    return
  }

  if (client.wants.size >= state.limits.wantsPerClient) {
    const least = evicts().next(entry.priority)
    state.totals.evicted++

    if (least == null) {
      refuseWant(state, client, entry)

      return
    }

    endWant(state, least, 'evicted')
  }

  const suspended = client.suspended.size > 0 ? client.suspended.get(multihashKey(entry.cid)) : undefined

  if (suspended != null) {
    resumeWant(state, suspended)
    state.intake.repeat(state, suspended, entry, connection)

    return
  }

  state.intake.begin(state, client, key, entry, connection)
}
