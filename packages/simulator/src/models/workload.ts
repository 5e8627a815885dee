import { RECORDED_CANCEL_AFTER } from '../scenario/recording.ts'
import { contentCid } from '../world/content.ts'
import { connectClient } from './client.ts'
import { createSampler, exponential } from './distribution.ts'
import type { Client, ClientEvents, Wanted } from './client.ts'
import type { BlockPicker } from './popularity.ts'
import type { ClientModel } from '../scenario/schema.ts'
import type { World } from '../world/world.ts'

/** How often a closed loop draws to find a block that it is not waiting for. */
const DRAWS = 16

/** The state that the loops share. */
interface Workload {
  readonly world: World
  readonly model: ClientModel
  random (): number
  connect (ended?: () => void): Client
  /** The CID of the block that is wanted next. */
  next (): Uint8Array
}

/** Starts a client that makes wants as its group says: at random times, or one for each that has ended. */
export function startClient (id: string, model: ClientModel, world: World, pick: BlockPicker, events: ClientEvents): void {
  const { arrivals, bandwidth, cancelAfter } = model
  // the name of the stream is part of every published figure
  const random = world.random(`peer ${id}`)
  const workload: Workload = {
    world,
    model,
    random,
    connect: ended => connectClient(world, id, { bandwidth, cancelAfter, events, ended }),
    next: () => contentCid(pick(random))
  }

  world.clock.after(model.from, () => {
    if (arrivals.kind === 'poisson') {
      openLoop(workload, arrivals.rate / model.count)
    } else {
      const think = createSampler(arrivals.think)
      closedLoop(workload, arrivals.open, () => think(random))
    }
  })
}

/** Makes wants at random times, independent of their answers. */
function openLoop ({ world: { clock }, model: { batch, type, to = Infinity }, random, connect, next }: Workload, rate: number): void {
  const client = connect()

  function arrive (): void {
    clock.after(exponential(batch * 1000 / rate, random), () => {
      if (clock.now() < to) {
        client.want(Array.from({ length: batch }, () => ({ cid: next(), type })))
        arrive()
      }
    })
  }

  arrive()
}

/** Keeps a number of wants open. */
function closedLoop ({ world: { clock }, model: { type, to = Infinity }, connect, next }: Workload, open: number, think: () => number): void {
  const client = connect(() => {
    clock.after(think(), () => {
      if (clock.now() < to) {
        client.want([{ cid: another(), type }])
      }
    })
  })

  /** Picks a block that is not being waited for: otherwise the loop would have one want less. */
  function another (draws = 1): Uint8Array {
    const cid = next()

    return client.wants(cid) && draws < DRAWS ? another(draws + 1) : cid
  }

  for (let i = 0; i < open; i++) {
    client.want([{ cid: another(), type }])
  }
}

/** Starts a client that repeats its recorded wants. */
export function replayClient (id: string, messages: ReadonlyArray<{ readonly at: number, readonly wanted: readonly Wanted[] }>, world: World, events: ClientEvents): void {
  const { clock } = world
  clock.after(messages[0].at, () => {
    const client = connectClient(world, id, { cancelAfter: RECORDED_CANCEL_AFTER, events })
    // one timer at a time: a recording may have millions of messages
    let next = 0

    function send (): void {
      client.want(messages[next].wanted)
      next++

      if (next < messages.length) {
        clock.after(messages[next].at - clock.now(), send)
      } else {
        client.leaveWhenDone()
      }
    }

    send()
  })
}
