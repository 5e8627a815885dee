import { contentBlockKey, keyOf } from '../world/content.ts'
import { connectReader } from '../world/reader.ts'
import type { World } from '../world/world.ts'
import type { Outgoing, WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** What is told of a peer as it happens. */
export interface PeerEvents {
  /** It wants something. */
  wanted (): void
  /** A want was answered by what it asked for, that long after it was sent. */
  served (ms: number): void
  /** A want was answered by DONT_HAVE. */
  denied (): void
  /** A want was not answered while the peer had patience. */
  unserved (): void
}

/** One thing to be asked for. */
export interface Ask {
  readonly cid: Uint8Array
  readonly type: 'block' | 'have'
}

export interface AskerInit {
  /** Bytes a second that the peer reads. Default: without limit. */
  readonly bandwidth?: number
  /** After which it cancels a want, ms. */
  readonly patience: number
  readonly events: PeerEvents
  /** A want is over, one way or another. */
  over? (): void
}

/** A peer's wantlist, kept as peers keep theirs: a set. */
export interface Asker {
  /** Sends what is not on the list already, in one message. */
  ask (asks: readonly Ask[]): void
  has (cid: Uint8Array): boolean
  /** Disconnects once nothing is wanted any more. */
  leaveWhenDone (): void
}

interface Pending extends Ask { readonly at: number }

/** Between looks at what has been waited for too long, ms. */
const LOOK = 1000

/** Connects a peer that measures how its wants are answered, and forgets what it gets. */
export function connectAsker (world: World, id: string, { bandwidth, patience, events, over }: AskerInit): Asker {
  const { clock } = world
  const pending = new Map<WantKey, Pending>()
  const link = connectReader(world, id, { bytesPerSecond: bandwidth, received })
  let leaving = false

  function entry ({ cid, type }: Ask, cancel: boolean): WantEntry {
    return { cid, priority: 1, cancel, wantType: type, sendDontHave: true }
  }

  function settle (key: WantKey): Pending | undefined {
    const want = pending.get(key)
    if (want != null) {
      pending.delete(key)
      over?.()
      leaveIfDone()
    }
    return want
  }

  function leaveIfDone (): void {
    if (leaving && pending.size === 0) {
      link.leave()
    }
  }

  function served (want: Pending | undefined): void {
    if (want != null) {
      events.served(clock.now() - want.at)
    }
  }

  function received ({ blocks = [], presences = [] }: Outgoing): void {
    for (const { data } of blocks) {
      served(settle(contentBlockKey(data) ?? ''))
    }
    const over: WantEntry[] = []
    for (const { cid, have } of presences) {
      const want = pending.get(keyOf(cid))
      if (want == null || (have && want.type === 'block')) {
        continue
      }
      settle(keyOf(cid))
      if (have) {
        served(want)
      } else {
        events.denied()
      }
      // as boxo's sessions do when they know
      over.push(entry(want, true))
    }
    send(over)
  }

  function send (entries: readonly WantEntry[]): void {
    if (entries.length > 0) {
      link.send(entries)
    }
  }

  function giveUp (): void {
    const late: WantEntry[] = []
    for (const [key, want] of pending) {
      if (clock.now() - want.at < patience) {
        break
      }
      late.push(entry(want, true))
      events.unserved()
      settle(key)
    }
    send(late)
    if (link.connected) {
      clock.after(LOOK, giveUp)
    }
  }

  clock.after(LOOK, giveUp)

  return {
    ask (asks) {
      const entries: WantEntry[] = []
      for (const ask of asks) {
        const key = keyOf(ask.cid)
        const before = pending.get(key)
        if (before == null || (before.type === 'have' && ask.type === 'block')) {
          pending.delete(key)
          pending.set(key, { ...ask, at: clock.now() })
          events.wanted()
          entries.push(entry(ask, false))
        }
      }
      send(entries)
    },

    has: cid => pending.has(keyOf(cid)),

    leaveWhenDone () {
      leaving = true
      leaveIfDone()
    }
  }
}
