import { isIdentity, wantKey } from '@kitsune/bitswap-codec'
import { cidText, printCid, printKey, receivedCid } from './blocks.ts'
import { broken } from './laws.ts'
import { seenPeer, seenWants } from './seen-wants.ts'
import type { MemberLaws } from './member-laws.ts'
import type { SeenPeer, SeenWant } from './seen-wants.ts'
import type { Outgoing, WantEntry, WantKey } from '@kitsune/bitswap-codec'
import type { Limits } from '@kitsune/want-router'
import type { EngineStatus, Totals } from '@kitsune/want-router/engine'

/** What the engine counted since it was looked at last. */
export type Gains = Pick<Totals, 'evicted' | 'blocksSent' | 'copiesLost' | 'dontHavesSent'>

/** The laws about upstream peers. */
export interface PeerLaws {
  message (peer: string, wants: readonly WantEntry[], full: boolean, delta: Gains): void
  gone (peer: string): void
  block (key: WantKey, size: number, delta: Gains): void
  denied (count: number): void
  take (peer: string, message: Outgoing | undefined): void
  drain (): void
  closed (peer: string): void
  flushed (): void
  ticked (): void
  status (status: EngineStatus): void
  /** Wants that live for certain. */
  live (): Iterable<SeenWant>
}

// what a reply counts beside the block that it brings
const OVERHEAD = 512

export function peerLaws (limits: Limits, members: MemberLaws, now: () => number): PeerLaws {
  const peers = new Map<string, SeenPeer>()
  const wants = seenWants(limits.wantLifetime, now, members.forget)
  const { ask, end, sure } = wants
  let draining = false
  let largest = 0
  let changed = true
  let last: EngineStatus | undefined
  /** Peers that came while draining: to be closed by the next flush. */
  const refused = new Set<string>()

  function count (copies: Map<string, number>, cid: string, by: number): void {
    const left = (copies.get(cid) ?? 0) + by
    if (left > 0) {
      copies.set(cid, left)
    } else {
      copies.delete(cid)
    }
  }

  /** What a message may have cost a peer that wants more than it may. */
  function evicted (peer: SeenPeer, entries: readonly WantEntry[], full: boolean, count: number): void {
    const asked = entries.filter(({ cancel }) => !cancel)
    if (asked.length <= limits.wantsPerClient && peer.wants.size <= limits.wantsPerClient) {
      broken('eviction', `${peer.id} lost ${count} wants by a message of ${asked.length}, after which it had ${peer.wants.size} of at most ${limits.wantsPerClient}`)
    }
    if (full && asked.length === entries.length) {
      cut(peer, asked)
      return
    }
    const highest = Math.max(...asked.map(({ priority }) => priority))
    for (const want of peer.wants.values()) {
      // a want that is on its way gives way only to those of higher priority; one that may have its HAVE is not
      if (want.priority <= highest || members.affirmed(want.key) || (members.tried(want.key) && !members.isOpen(want.key))) {
        want.sure = false
        want.promises = 0
      }
    }
  }

  /** A full list that is too long keeps its entries of highest priority; of equals nobody knows which. */
  function cut (peer: SeenPeer, entries: readonly WantEntry[]): void {
    const floor = entries.map(({ priority }) => priority).sort((a, b) => b - a)[limits.wantsPerClient - 1] ?? -Infinity
    const named = new Map<string, { least: number, most: number }>()
    for (const { cid, priority } of entries) {
      const text = cidText(cid)
      const { least, most } = named.get(text) ?? { least: Infinity, most: -Infinity }
      named.set(text, { least: Math.min(least, priority), most: Math.max(most, priority) })
    }
    for (const [text, want] of [...peer.wants]) {
      const { least, most } = named.get(text) ?? { least: -Infinity, most: -Infinity }
      if (most < floor) {
        end(want)
      } else if (least <= floor) {
        want.sure = false
        want.promises = 0
      }
    }
  }

  function takenBlock (peer: SeenPeer, cid: Uint8Array, size: number): void {
    const text = cidText(cid)
    if ((peer.copies.get(text) ?? 0) > 0) {
      count(peer.copies, text, -1)
      peer.unsent -= size
      return
    }
    const maybe = peer.maybeCopies.get(text) ?? 0
    if (maybe === 0) {
      broken(peer.ended.has(text) ? 'copies' : 'address', `${peer.id} gets the block ${printCid(cid)}, ${peer.wants.has(text) ? 'which nobody had sent since it asked' : 'which it does not want'}`)
    }
    count(peer.maybeCopies, text, -1)
    const want = peer.wants.get(text)
    if (want?.maybeServed === true) {
      want.maybeServed = false
      if (maybe > 1) {
        want.sure = false // it may have been an earlier one's
      } else if (want.sure) {
        end(want)
      }
    }
  }

  function takenPresence (peer: SeenPeer, cid: Uint8Array, have: boolean): void {
    const want = peer.wants.get(cidText(cid))
    const what = `${have ? 'HAVE' : 'DONT_HAVE'} ${printCid(cid)}`
    if (want == null) {
      broken('address', `${peer.id} gets ${what}, which it does not ask for`)
    }
    want.answered = true
    if (have) {
      want.promises++
      if (!members.affirmed(want.key)) {
        broken('promise', `${peer.id} gets ${what}, which no member has claimed to have`)
      }
      return
    }
    want.denials++
    if (want.promises > 0 && want.sure) {
      broken('promise', `${peer.id} gets ${what} after a HAVE`)
    }
    if (!want.sendDontHave) {
      broken('denial', `${peer.id} gets ${what}, and did not want to be told`)
    }
    if (!want.deniable) {
      broken('denial', `${peer.id} gets ${what}, and at no time since it asked were all members certain`)
    }
    if (want.sure && want.denials > want.asks) {
      broken('denial', `${peer.id} gets ${what} for the ${want.denials}th time, having asked ${want.asks} times`)
    }
  }

  return {
    message (id, entries, full, delta) {
      changed = true
      let peer = peers.get(id)
      if (peer == null) {
        if (draining) {
          refused.add(id)
          return
        }
        peer = seenPeer(id, now())
        peers.set(id, peer)
      }
      const named = new Set<SeenWant>()
      for (const entry of lastWords(entries)) {
        const key = wantKey(entry.cid)
        if (key == null) {
          continue
        }
        if (entry.cancel) {
          const want = peer.wants.get(cidText(entry.cid))
          if (want != null) {
            end(want)
          }
        } else if (isIdentity(entry.cid)) {
          count(peer.maybeCopies, cidText(entry.cid), 1)
        } else {
          named.add(ask(peer, key, entry))
        }
      }
      if (full) {
        for (const want of [...peer.wants.values()]) {
          if (!named.has(want)) {
            end(want)
          }
        }
      }
      if (delta.evicted > 0) {
        evicted(peer, entries, full, delta.evicted)
      }
    },

    gone (id) {
      changed = true
      const peer = peers.get(id)
      peers.delete(id)
      refused.delete(id)
      for (const want of [...peer?.wants.values() ?? []]) {
        end(want)
      }
    },

    block (key, size, { blocksSent, copiesLost }) {
      changed = true
      largest = Math.max(largest, size)
      const certain: SeenWant[] = []
      const possible: SeenWant[] = []
      for (const want of wants.of(key)) {
        if (want.type === 'block' && sure(want)) {
          certain.push(want)
        } else if (!wants.overdue(want) && (want.type === 'block' || size <= limits.inlineBlock || !sure(want))) {
          possible.push(want)
        }
      }
      if (blocksSent > certain.length + possible.length) {
        broken('address', `${blocksSent} copies of ${printKey(key)} are queued, ${certain.length + possible.length} wait for it`)
      }
      if (blocksSent < certain.length - copiesLost) {
        broken('lost', `${certain.length} wait for ${printKey(key)}, and ${blocksSent} get a copy`)
      }
      if (blocksSent === certain.length + possible.length) {
        for (const want of [...certain, ...possible]) {
          count(want.peer.copies, cidText(want.cid), 1)
          want.peer.unsent += size
          end(want)
        }
      } else if (blocksSent > 0) {
        for (const want of [...certain, ...possible]) {
          count(want.peer.maybeCopies, cidText(want.cid), 1)
          want.maybeServed = true
        }
      }
      for (const peer of peers.values()) {
        // its window grows when it reads; blocks may weigh twice what was expected, what stalled members owe has a
        // window to itself, and a block that is alone may exceed it: one on its way, one that came unasked
        const most = 4 * (peer.reads ? Math.max(limits.unsentPerClient, limits.inFlightPerClient) : limits.unsentPerClient) + 2 * largest
        if (peer.unsent > most) {
          broken('windows', `${peer.unsent} bytes wait unsent for ${peer.id}, its window and what was on its way hold ${most}`)
        }
      }
    },

    denied (count) {
      let deniable = 0
      for (const [key, waiting] of wants.byKey()) {
        if (members.certain(key)) {
          for (const want of waiting) {
            want.deniable = true
            // each ask may be answered
            deniable += want.sendDontHave ? want.asks : 0
          }
        }
      }
      if (deniable < count) {
        broken('denial', `${count} DONT_HAVEs are queued, and all members are certain of what was asked for ${deniable} times`)
      }
    },

    take (id, message) {
      changed = true
      const peer = peers.get(id)
      if (peer == null) {
        if (message != null) {
          broken('gone', `${id} has left, and there is a message for it`)
        }
        return
      }
      if (message == null) {
        for (const [cid] of peer.copies) {
          broken('lost', `everything was taken for ${id}, but not the block that was queued for it (CID of ${cid.length} bytes)`)
        }
        peer.ended.clear()
        peer.maybeCopies.clear()
        for (const want of peer.wants.values()) {
          want.maybeServed = false
        }
        return
      }
      peer.reads = true
      peer.readAt = now()
      for (const { cid, have } of message.presences ?? []) {
        takenPresence(peer, cid, have)
      }
      for (const { prefix, data } of message.blocks ?? []) {
        takenBlock(peer, receivedCid(prefix, data), data.byteLength)
      }
    },

    drain () { draining = true },
    closed (id) {
      const unread = now() - (peers.get(id)?.readAt ?? Infinity)
      if (!refused.delete(id) && !(unread >= limits.unreadTimeout)) {
        broken('drain', `${id} is closed, had not come while draining, and took something within ${limits.unreadTimeout} ms`)
      }
    },
    flushed () {
      for (const id of refused) {
        broken('drain', `${id} came while draining and is not closed`)
      }
    },
    ticked () {
      wants.ticked()
      changed = true
    },

    status (status) {
      if (!changed && status.wants === last?.wants && status.fetches === last.fetches && status.clients === last.clients) {
        return
      }
      changed = false
      last = status
      const { least, most, overdue, leastRoutes, mostRoutes } = wants.tally()
      if (status.clients !== peers.size) {
        broken('gone', `the router keeps ${status.clients} peers, there are ${peers.size}`)
      }
      if (status.wants < least || status.fetches < leastRoutes) {
        broken('lost', `${least} wants for ${leastRoutes} blocks are alive, the router keeps ${status.wants} for ${status.fetches}: ${[...this.live()].slice(0, 10).map(({ peer, cid }) => `${peer.id} ${printCid(cid)}`).join(', ')}`)
      }
      if (status.wants > most || status.fetches > mostRoutes) {
        broken(status.wants <= most + overdue && overdue > 0 ? 'lifetime' : 'gone', `the router keeps ${status.wants} wants for ${status.fetches} blocks, ${most} for ${mostRoutes} can be alive`)
      }
      if (peers.size === 0 && status.unsent !== 0) {
        broken('gone', `${status.unsent} bytes wait unsent, and there are no peers`)
      }
      // one block that is alone may exceed it, and presences, which are bounded as wants are
      const mostUnsent = Math.max(limits.unsent, largest + OVERHEAD) + status.wants * OVERHEAD
      if (status.unsent > mostUnsent) {
        broken('windows', `${status.unsent} bytes wait unsent for all peers, and at most ${mostUnsent} may`)
      }
      if (status.active > status.fetches || status.unsent < 0) {
        broken('gone', `${status.active} of ${status.fetches} routes are active, ${status.unsent} bytes wait unsent`)
      }
    },

    * live () {
      for (const [, waiting] of wants.byKey()) {
        for (const want of waiting) {
          if (sure(want)) {
            yield want
          }
        }
      }
    }
  }
}

/** What a message with cancels says last of a CID counts, as in boxo, where it could not say more than one thing. */
function lastWords (entries: readonly WantEntry[]): Iterable<WantEntry> {
  return entries.some(({ cancel }) => cancel) ? new Map(entries.map(entry => [cidText(entry.cid), entry])).values() : entries
}
