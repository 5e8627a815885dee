import { MESSAGE } from './grid.ts'
import { BLOCK_SIZE, createRig, settle } from './rig.ts'
import { createWants } from './wants.ts'
import type { ScaleCase } from './grid.ts'
import type { Rig } from './rig.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'

/** What a case cost in one run. */
export interface ServedFigure extends ScaleCase {
  /** Members that were down. */
  readonly down: number
  /** CPU time a want, µs; if it was cut off, of what was served by then. */
  readonly cpu: number
  /** Rankings that the strategy was asked for, a want. */
  readonly picks: number
  /** It took too long, so that not all was served. */
  readonly cut: boolean
}

/** Clients that have asked before, and members that have answered. */
export interface Served {
  /** Every want is put in, then all are served in the order in which they were asked. */
  run (wants: number, rounds: number): ServedFigure
}

export interface ServedInit extends Pick<ScaleCase, 'clients' | 'members'> {
  readonly strategy: string
  readonly down?: number
  /** CPU time after which a run is cut off, ms. */
  readonly most: number
}

// ms from one flush to the next: 100,000 wants a second
const STEP = 0.1
// wants that are made at a time, outside of what is measured: never a million at once
const CHUNK = 10_000

/**
 * An engine with so many clients and members. Sizes of blocks are known from the
 * start: otherwise it would be the learning of sizes that is compared.
 */
export function createServed ({ strategy, clients, members, down = 0, most }: ServedInit): Served {
  const rig = createRig({ strategy, members, down, limits: { expectedBlock: BLOCK_SIZE } })
  const wants = createWants()
  const names = Array.from({ length: clients }, (_, i) => `client-${i}`)
  const watch = createStopwatch(most)
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

  // every client is known, and has been served
  arrive(clients * MESSAGE)
  serve()

  return {
    run (count, rounds) {
      const taken = rig.taken
      const picks = rig.picks
      watch.reset()

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

/** Nothing is open, yet there may be wants that wait for a moment: goes there. False: there is none within a second. */
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

interface Stopwatch {
  /** CPU time between starts and stops, ms: of all threads, since collecting garbage is part of what it costs. */
  readonly ms: number
  /** It has shown more than the most. */
  readonly over: boolean
  start (): void
  stop (): void
  /** Looks at the clock now and then only. */
  checkOver (): boolean
  reset (): void
}

// calls of checkOver between two looks at the clock
const LOOK = 100

function createStopwatch (most: number): Stopwatch {
  let ms = 0
  let over = false
  let from = process.cpuUsage()
  let calls = 0

  const running = (): number => {
    const { user, system } = process.cpuUsage(from)
    return (user + system) / 1000
  }

  return {
    get ms () { return ms },
    get over () { return over },
    start () { from = process.cpuUsage() },
    stop () {
      ms += running()
      over ||= ms > most
    },
    checkOver () {
      if (++calls % LOOK === 0) {
        over ||= ms + running() > most
      }
      return over
    },
    reset () {
      ms = 0
      over = false
    }
  }
}
