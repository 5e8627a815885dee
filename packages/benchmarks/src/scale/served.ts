import { MESSAGE } from './grid.ts'
import { BLOCK_SIZE, createRig, settle } from './rig.ts'
import { createStopwatch } from './stopwatch.ts'
import { createWants } from './wants.ts'
import type { ScaleCase } from './grid.ts'
import type { Rig } from './rig.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'

/** What one run of a case cost. */
export interface ServedFigure extends ScaleCase {
  /** How many more members were configured and down. */
  readonly down: number
  /** CPU time per want, µs; of a run that was cut off, per want that had been served by then. */
  readonly cpu: number
  /** Rankings per want. */
  readonly picks: number
  /** The run exceeded its time, and not all wants were served. */
  readonly cut: boolean
}

/** An engine whose clients and members have been in use before. */
export interface Served {
  /** Puts in all wants, then answers them in the order in which the engine asks for them; that `rounds` times. It is cut off after `most` ms of CPU time. */
  run (wants: number, rounds: number, most: number): ServedFigure
}

interface ServedInit extends Pick<ScaleCase, 'clients' | 'members'> {
  readonly strategy: string
  readonly down?: number
}

// ms between two flushes while wants are served, which makes 100,000 wants a second
const STEP = 0.1
// wants are made outside of the measured time, in chunks, so that a million of them are never in memory at once
const CHUNK = 10_000

/**
 * Creates an engine, and serves a message of wants for each client. The engine
 * expects blocks of the right size from the start, because learning sizes takes
 * longer with more clients.
 */
export function createServed ({ strategy, clients, members, down = 0 }: ServedInit): Served {
  const rig = createRig({ strategy, members, down, limits: { expectedBlock: BLOCK_SIZE } })
  const wants = createWants()
  const names = Array.from({ length: clients }, (_, i) => `client-${i}`)
  const watch = createStopwatch()
  let turn = 0

  function arrive (count: number): void {
    for (let left = count; left > 0 && !watch.over; left -= CHUNK) {
      const messages = inMessages(wants(Math.min(left, CHUNK)))
      watch.start()

      for (const message of messages) {
        rig.message(names[turn++ % clients], message)
        settle(rig)

        if (watch.checkOver()) {
          break
        }
      }

      watch.stop()
    }
  }

  function serve (): void {
    watch.start()

    while ((rig.open > 0 || nudge(rig)) && !watch.checkOver()) {
      rig.now += STEP
      rig.tick()
      rig.answer(MESSAGE, rig.block)
      settle(rig)
    }

    watch.stop()
  }

  arrive(clients * MESSAGE)
  serve()

  return {
    run (count, rounds, most) {
      const taken = rig.taken
      const picks = rig.picks
      watch.reset(most)

      for (let i = 0; i < rounds && !watch.over; i++) {
        arrive(count)
        serve()
      }

      const served = rig.taken - taken

      if (!watch.over && served !== count * rounds) {
        throw new Error(`${strategy}: of ${count * rounds} wants ${served} were served`)
      }

      return {
        clients,
        members,
        down,
        wants: count,
        cpu: watch.ms * 1000 / Math.max(1, served),
        picks: (rig.picks - picks) / Math.max(1, served),
        cut: watch.over
      }
    }
  }
}

/** Moves on to the deadline if that is within a second, in case wants wait for it. Returns whether anything is open now. */
function nudge (rig: Rig): boolean {
  const { deadline } = rig

  if (deadline == null || deadline > rig.now + 1000) {
    return false
  }

  rig.now = Math.max(rig.now, deadline)
  rig.tick()
  settle(rig)

  return rig.open > 0
}

function inMessages (wants: readonly WantEntry[]): WantEntry[][] {
  const messages: WantEntry[][] = []

  for (let at = 0; at < wants.length; at += MESSAGE) {
    messages.push(wants.slice(at, at + MESSAGE))
  }

  return messages
}
