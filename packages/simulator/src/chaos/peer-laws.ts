import { isIdentity, wantKey } from '@kitsune/bitswap-codec'
import { cidText, printCid, printKey, receivedCid } from './blocks.ts'
import { broken } from './laws.ts'
import type { MemberLaws } from './member-laws.ts'
import type { Outgoing, WantEntry, WantKey } from '@kitsune/bitswap-codec'
import type { Limits } from '@kitsune/want-router'
import type { EngineStatus, Totals } from '@kitsune/want-router/engine'

/** One want of a peer, as an onlooker knows it. */
export interface SeenWant {
  readonly peer: SeenPeer
  readonly cid: Uint8Array
  readonly key: WantKey
  type: 'have' | 'block'
  priority: number
  /** Some ask since it began wanted to be told of absence. */
  sendDontHave: boolean
  /** Every ask wanted that. */
  alwaysDontHave: boolean
  asks: number
  denials: number
  /** HAVEs that were taken since it began. */
  promises: number
  /** A presence was taken that may have been said to an earlier want, or to this one. */
  maybeTold: boolean
  askedAt: number
  /** There was a moment since it began at which a DONT_HAVE was right. */
  deniable: boolean
  /** False once it may have been evicted: then nobody can tell from outside whether it lives. */
  sure: boolean
  /** A copy may be queued that ends it. Known as soon as everything was taken. */
  maybeServed: boolean
  /** Presences taken before this count of the peer's may belong to an earlier want of this CID. */
  readonly clearFrom: number
}

interface SeenPeer {
  readonly id: string
  readonly wants: Map<string, SeenWant>
  /** Copies that are queued for certain, and that may be, by CID. */
  readonly copies: Map<string, number>
  readonly maybeCopies: Map<string, number>
  /** Bytes of the certain ones. */
  unsent: number
  /** CIDs whose wants ended while replies may have been queued. */
  readonly ended: Set<string>
  /** How often everything was taken. */
  emptied: number
}

/** The laws about upstream peers. */
export interface PeerLaws {
  message (peer: string, wants: readonly WantEntry[], full: boolean, delta: Totals): void
  gone (peer: string): void
  block (key: WantKey, size: number, delta: Totals): void
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

// lifetimes are looked at once a second
const SWEEP = 1000

export function peerLaws (limits: Limits, members: MemberLaws, now: () => number): PeerLaws {
  const peers = new Map<string, SeenPeer>()
  const byKey = new Map<WantKey, Set<SeenWant>>()
  let draining = false
  let largest = 0
  let lastTick = now()
  /** Peers that came while draining: to be closed by the next flush. */
  const refused = new Set<string>()

  const expired = (want: SeenWant): boolean => now() >= want.askedAt + limits.wantLifetime
  const overdue = (want: SeenWant): boolean => lastTick > want.askedAt + limits.wantLifetime + SWEEP
  const sure = (want: SeenWant): boolean => want.sure && !want.maybeServed && !expired(want)

  function end (want: SeenWant): void {
    const { peer, key, cid } = want
    peer.wants.delete(cidText(cid))
    peer.ended.add(cidText(cid))
    const wants = byKey.get(key)
    wants?.delete(want)
    if (wants?.size === 0) {
      byKey.delete(key)
      members.forget(key)
    }
  }

  function ask (peer: SeenPeer, key: WantKey, entry: WantEntry): SeenWant {
    const text = cidText(entry.cid)
    let want = peer.wants.get(text)
    if (want == null) {
      want = {
        peer,
        cid: entry.cid,
        key,
        type: entry.wantType,
        priority: entry.priority,
        sendDontHave: entry.sendDontHave,
        alwaysDontHave: entry.sendDontHave,
        asks: 1,
        denials: 0,
        promises: 0,
        maybeTold: false,
        askedAt: now(),
        deniable: false,
        sure: true,
        maybeServed: false,
        clearFrom: peer.ended.has(text) ? peer.emptied + 1 : peer.emptied
      }
      peer.wants.set(text, want)
      let wants = byKey.get(key)
      if (wants == null) {
        // what was said while nobody wanted it is not remembered
        members.forget(key)
        wants = new Set()
        byKey.set(key, wants)
      }
      wants.add(want)
      return want
    }
    if (sure(want)) {
      want.type = entry.wantType === 'block' ? 'block' : want.type
    } else {
      // perhaps it is the same one, perhaps a new one
      want.promises = 0
      want.maybeTold = true
      want.sure = !want.maybeServed && want.type === entry.wantType
      want.type = want.type === 'block' ? 'block' : entry.wantType
    }
    // a message may name it twice
    want.priority = Math.min(want.priority, entry.priority)
    want.sendDontHave ||= entry.sendDontHave
    want.alwaysDontHave &&= entry.sendDontHave
    want.asks++
    want.askedAt = now()
    return want
  }

  function count (copies: Map<string, number>, cid: string, by: number): void {
    const left = (copies.get(cid) ?? 0) + by
    if (left > 0) {
      copies.set(cid, left)
    } else {
      copies.delete(cid)
    }
  }

  /** What a message may have cost a peer that wants more than it may. */
  function evicted (peer: SeenPeer, entries: readonly WantEntry[], kept: number, delta: Totals): void {
    const wants = entries.filter(({ cancel }) => !cancel)
    if (wants.length <= limits.wantsPerPeer && kept <= limits.wantsPerPeer) {
      broken('eviction', `${peer.id} lost ${delta.evicted} wants by a message of ${wants.length}, after which it had ${kept} of at most ${limits.wantsPerPeer}`)
    }
    const highest = Math.max(...wants.map(({ priority }) => priority))
    for (const want of peer.wants.values()) {
      // a want that is on its way gives way only to those of higher priority
      if (want.priority <= highest || (members.tried(want.key) && !members.isOpen(want.key))) {
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
    if (want == null || want.clearFrom > peer.emptied) {
      if (!peer.ended.has(cidText(cid))) {
        broken('address', `${peer.id} gets ${what}, which it did not ask for`)
      }
      if (want != null) {
        want.maybeTold = true
      }
      return
    }
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
      let peer = peers.get(id)
      if (peer == null) {
        if (draining) {
          refused.add(id)
          return
        }
        peer = { id, wants: new Map(), copies: new Map(), maybeCopies: new Map(), unsent: 0, ended: new Set(), emptied: 0 }
        peers.set(id, peer)
      }
      const named = new Set<SeenWant>()
      for (const entry of entries) {
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
        evicted(peer, entries, peer.wants.size, delta)
      }
    },

    gone (id) {
      const peer = peers.get(id)
      peers.delete(id)
      refused.delete(id)
      for (const want of [...peer?.wants.values() ?? []]) {
        end(want)
      }
    },

    block (key, size, { blocksSent, copiesLost }) {
      largest = Math.max(largest, size)
      const certain: SeenWant[] = []
      const possible: SeenWant[] = []
      for (const want of byKey.get(key) ?? []) {
        if (want.type === 'block' && sure(want)) {
          certain.push(want)
        } else if (!overdue(want) && (want.type === 'block' || size <= limits.inlineBlock || !sure(want))) {
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
        // blocks may weigh twice what was expected, and what stalled members owe has a window to itself
        const most = 4 * Math.max(limits.unsentPerPeer, limits.inFlightPerPeer) + largest
        if (peer.unsent > most) {
          broken('windows', `${peer.unsent} bytes wait unsent for ${peer.id}, its window and what was on its way hold ${most}`)
        }
      }
    },

    denied (count) {
      let deniable = 0
      for (const [key, wants] of byKey) {
        if (members.certain(key)) {
          for (const want of wants) {
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
        peer.emptied++
        peer.ended.clear()
        peer.maybeCopies.clear()
        for (const want of peer.wants.values()) {
          want.maybeServed = false
        }
        return
      }
      for (const { cid, have } of message.presences ?? []) {
        takenPresence(peer, cid, have)
      }
      for (const { prefix, data } of message.blocks ?? []) {
        takenBlock(peer, receivedCid(prefix, data), data.byteLength)
      }
    },

    drain () { draining = true },
    closed (id) {
      if (!refused.delete(id)) {
        broken('drain', `${id} is closed, and had not come while draining`)
      }
    },
    flushed () {
      for (const id of refused) {
        broken('drain', `${id} came while draining and is not closed`)
      }
    },
    ticked () { lastTick = now() },

    status (status) {
      let least = 0
      let most = 0
      let overdues = 0
      let leastRoutes = 0
      let mostRoutes = 0
      for (const wants of byKey.values()) {
        let living = 0
        let possible = 0
        for (const want of wants) {
          living += sure(want) ? 1 : 0
          possible += overdue(want) ? 0 : 1
        }
        least += living
        most += possible
        overdues += wants.size - possible
        leastRoutes += living > 0 ? 1 : 0
        mostRoutes += possible > 0 ? 1 : 0
      }
      if (status.peers !== peers.size) {
        broken('gone', `the router keeps ${status.peers} peers, there are ${peers.size}`)
      }
      if (status.wants < least || status.routes < leastRoutes) {
        broken('lost', `${least} wants for ${leastRoutes} blocks are alive, the router keeps ${status.wants} for ${status.routes}: ${[...this.live()].slice(0, 10).map(({ peer, cid }) => `${peer.id} ${printCid(cid)}`).join(', ')}`)
      }
      if (status.wants > most || status.routes > mostRoutes) {
        broken(status.wants <= most + overdues && overdues > 0 ? 'lifetime' : 'gone', `the router keeps ${status.wants} wants for ${status.routes} blocks, ${most} for ${mostRoutes} can be alive`)
      }
      if (peers.size === 0 && status.unsent !== 0) {
        broken('gone', `${status.unsent} bytes wait unsent, and there are no peers`)
      }
      if (status.active > status.routes || status.unsent < 0) {
        broken('gone', `${status.active} of ${status.routes} routes are active, ${status.unsent} bytes wait unsent`)
      }
    },

    * live () {
      for (const wants of byKey.values()) {
        for (const want of wants) {
          if (sure(want)) {
            yield want
          }
        }
      }
    }
  }
}
