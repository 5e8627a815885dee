import { contentCid } from '../world/content.ts'
import { connectAsker } from './client.ts'
import { draw, exponential } from './distribution.ts'
import type { Ask, PeerEvents } from './client.ts'
import type { NextBlock } from './popularity.ts'
import type { UpstreamModel } from '../scenario/schema.ts'
import type { World } from '../world/world.ts'

/** Draws until a closed loop finds a block that it is not waiting for. */
const DRAWS = 16

/** A peer that makes wants as its group says: at random times, or one for each that is over. */
export function modelPeer (id: string, model: UpstreamModel, world: World, next: NextBlock, events: PeerEvents): void {
  const { clock } = world
  const { arrivals, type, patience, bandwidth } = model
  const random = world.random(`peer ${id}`)

  const until = (): boolean => clock.now() < (model.to ?? Infinity)

  function open (rate: number): void {
    const peer = connectAsker(world, id, { bandwidth, patience, events })

    function arrive (): void {
      clock.after(exponential(model.batch * 1000 / rate, random), () => {
        if (until()) {
          peer.ask(Array.from({ length: model.batch }, () => ({ cid: contentCid(next(random)), type })))
          arrive()
        }
      })
    }

    arrive()
  }

  function closed (open: number, think: () => number): void {
    const peer = connectAsker(world, id, {
      bandwidth,
      patience,
      events,
      over () {
        clock.after(think(), () => {
          if (until()) {
            peer.ask([{ cid: another(), type }])
          }
        })
      }
    })

    /** A block that is not being waited for, lest the loop lose a turn. */
    function another (draws = 1): Uint8Array {
      const cid = contentCid(next(random))
      return peer.has(cid) && draws < DRAWS ? another(draws + 1) : cid
    }

    for (let i = 0; i < open; i++) {
      peer.ask([{ cid: another(), type }])
    }
  }

  clock.after(model.from, () => {
    if (arrivals.kind === 'poisson') {
      open(arrivals.rate / model.count)
    } else {
      const think = draw(arrivals.think)
      closed(arrivals.open, () => think(random))
    }
  })
}

/** How long a recorded peer waits for an answer, ms. */
const PATIENCE = 30_000

/** A peer that asks for what it asked for when it was recorded. */
export function replayPeer (id: string, messages: ReadonlyArray<{ readonly at: number, readonly asks: readonly Ask[] }>, world: World, events: PeerEvents): void {
  const { clock } = world
  clock.after(messages[0].at, () => {
    const peer = connectAsker(world, id, { patience: PATIENCE, events })
    // one timer at a time: a recording may have millions
    let next = 0
    function send (): void {
      peer.ask(messages[next].asks)
      next++
      if (next < messages.length) {
        clock.after(messages[next].at - clock.now(), send)
      } else {
        peer.leaveWhenDone()
      }
    }
    send()
  })
}
