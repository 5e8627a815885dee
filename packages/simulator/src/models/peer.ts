import { contentBlockKey, contentCid, keyOf } from '../world/content.ts'
import { connectReader } from '../world/reader.ts'
import { draw, exponential } from './distribution.ts'
import type { NextBlock } from './popularity.ts'
import type { UpstreamModel } from '../scenario/schema.ts'
import type { PeerLink, World } from '../world/world.ts'
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

interface Pending { readonly cid: Uint8Array, readonly at: number }

/** Between looks at what a peer has waited for too long, ms. */
const LOOK = 1000
/** Draws until a closed loop finds a block that it is not waiting for. */
const DRAWS = 16

/**
 * A peer that makes wants as its group says, and forgets what it gets. A block
 * that it is waiting for already it does not ask for again: a wantlist is a set.
 */
export function modelPeer (id: string, model: UpstreamModel, world: World, next: NextBlock, events: PeerEvents): void {
  const { clock } = world
  const { arrivals, type } = model
  const random = world.random(`peer ${id}`)
  const pending = new Map<WantKey, Pending>()
  const think = arrivals.kind === 'closed' ? draw(arrivals.think) : undefined
  let link: PeerLink | undefined

  function entry (cid: Uint8Array, cancel: boolean): WantEntry {
    return { cid, priority: 1, cancel, wantType: type, sendDontHave: true }
  }

  function want (count: number): void {
    const entries: WantEntry[] = []
    for (let i = 0; i < count; i++) {
      const { cid, key } = drawBlock()
      if (!pending.has(key)) {
        pending.set(key, { cid, at: clock.now() })
        events.wanted()
        entries.push(entry(cid, false))
      } else if (think != null) {
        clock.after(LOOK, () => { want(1) }) // a closed loop must not lose its turn
      }
    }
    if (entries.length > 0) {
      link?.send(entries)
    }
  }

  function drawBlock (draws = 1): { cid: Uint8Array, key: WantKey } {
    const cid = contentCid(next(random))
    const key = keyOf(cid)
    return think != null && pending.has(key) && draws < DRAWS ? drawBlock(draws + 1) : { cid, key }
  }

  function ended (): void {
    if (think != null && clock.now() < (model.to ?? Infinity)) {
      clock.after(think(random), () => { want(1) })
    }
  }

  function received ({ blocks = [], presences = [] }: Outgoing): void {
    for (const { data } of blocks) {
      settle(contentBlockKey(data) ?? '', true)
    }
    const settled: WantEntry[] = []
    for (const { cid, have } of presences) {
      // a HAVE answers a want-have; the want is taken back, as boxo's sessions do
      if ((!have || type === 'have') && settle(keyOf(cid), have)) {
        settled.push(entry(cid, true))
      }
    }
    if (settled.length > 0) {
      link?.send(settled)
    }
  }

  function settle (key: WantKey, served: boolean): boolean {
    const asked = pending.get(key)
    if (asked == null) {
      return false
    }
    pending.delete(key)
    if (served) {
      events.served(clock.now() - asked.at)
    } else {
      events.denied()
    }
    ended()
    return true
  }

  function giveUp (): void {
    const late: WantEntry[] = []
    for (const [key, { at, cid }] of pending) {
      if (clock.now() - at < model.patience) {
        break
      }
      pending.delete(key)
      late.push(entry(cid, true))
      events.unserved()
      ended()
    }
    if (late.length > 0) {
      link?.send(late)
    }
    clock.after(LOOK, giveUp)
  }

  function arrive (rate: number): void {
    clock.after(exponential(model.batch * 1000 / rate, random), () => {
      if (clock.now() < (model.to ?? Infinity)) {
        want(model.batch)
        arrive(rate)
      }
    })
  }

  clock.after(model.from, () => {
    link = connectReader(world, id, { bytesPerSecond: model.bandwidth, received })
    if (arrivals.kind === 'poisson') {
      arrive(arrivals.rate / model.count)
    } else {
      want(arrivals.open)
    }
    clock.after(LOOK, giveUp)
  })
}
