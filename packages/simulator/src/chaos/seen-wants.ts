import { cidText } from './blocks.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

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
  /** It may be one of which a presence was taken. */
  maybeTold: boolean
  /** A presence was taken since it was asked for last: who asks again has not kept the answer. */
  answered: boolean
  askedAt: number
  /** There was a moment since it began at which a DONT_HAVE was right. */
  deniable: boolean
  /** False once it may have been evicted: then nobody can tell from outside whether it lives. */
  sure: boolean
  /** A copy may be queued that ends it. Known as soon as everything was taken. */
  maybeServed: boolean
}

export interface SeenPeer {
  readonly id: string
  readonly wants: Map<string, SeenWant>
  /** Copies that are queued for certain, and that may be, by CID. */
  readonly copies: Map<string, number>
  readonly maybeCopies: Map<string, number>
  /** Bytes of the certain ones. */
  unsent: number
  /** It has taken something. */
  reads: boolean
  /** When it last did, or came. */
  readAt: number
  /** CIDs whose wants ended since everything was taken. */
  readonly ended: Set<string>
}

/** How many wants and routes there are at least and at most, and how many wants should have expired. */
export interface Tally {
  least: number
  most: number
  overdue: number
  leastRoutes: number
  mostRoutes: number
}

/** What peers want, as an onlooker knows it. */
export interface SeenWants {
  /** A peer asks. */
  ask (peer: SeenPeer, key: WantKey, entry: WantEntry): SeenWant
  /** A want ends: served, taken back or replaced. */
  end (want: SeenWant): void
  /** It lives for certain. */
  sure (want: SeenWant): boolean
  /** It should have expired. */
  overdue (want: SeenWant): boolean
  of (key: WantKey): Iterable<SeenWant>
  byKey (): Iterable<[WantKey, ReadonlySet<SeenWant>]>
  tally (): Tally
  /** The engine has looked at lifetimes, or might have. */
  ticked (): void
}

// lifetimes are looked at once a second
const SWEEP = 1000

export function seenPeer (id: string, now: number): SeenPeer {
  return { id, wants: new Map(), copies: new Map(), maybeCopies: new Map(), unsent: 0, reads: false, readAt: now, ended: new Set() }
}

/** Calls `forget` when a block begins or ceases to be wanted. */
export function seenWants (lifetime: number, now: () => number, forget: (key: WantKey) => void): SeenWants {
  const byKey = new Map<WantKey, Set<SeenWant>>()
  let lastTick = now()

  const sure = (want: SeenWant): boolean => want.sure && !want.maybeServed && now() < want.askedAt + lifetime

  function end (want: SeenWant): void {
    const { peer, key, cid } = want
    peer.wants.delete(cidText(cid))
    peer.ended.add(cidText(cid))
    const wants = byKey.get(key)
    wants?.delete(want)
    if (wants?.size === 0) {
      byKey.delete(key)
      forget(key)
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
        maybeTold: peer.ended.has(text),
        answered: false,
        askedAt: now(),
        deniable: false,
        sure: true,
        maybeServed: false
      }
      peer.wants.set(text, want)
      let wants = byKey.get(key)
      if (wants == null) {
        // what was said while nobody wanted it is not remembered
        forget(key)
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
    want.answered = false
    want.askedAt = now()
    return want
  }

  function tally (): Tally {
    const expiredAt = now() - lifetime
    const overdueAt = lastTick - SWEEP - lifetime
    const sum = { least: 0, most: 0, overdue: 0, leastRoutes: 0, mostRoutes: 0 }
    for (const wants of byKey.values()) {
      let living = 0
      let possible = 0
      for (const want of wants) {
        // as `sure` and `overdue` say
        living += want.sure && !want.maybeServed && want.askedAt > expiredAt ? 1 : 0
        possible += want.askedAt < overdueAt ? 0 : 1
      }
      sum.least += living
      sum.most += possible
      sum.overdue += wants.size - possible
      sum.leastRoutes += living > 0 ? 1 : 0
      sum.mostRoutes += possible > 0 ? 1 : 0
    }
    return sum
  }

  return {
    ask,
    end,
    sure,
    tally,
    overdue: want => lastTick > want.askedAt + lifetime + SWEEP,
    of: key => byKey.get(key) ?? [],
    byKey: () => byKey,
    ticked () { lastTick = now() }
  }
}
