import { MESSAGE } from './grid.ts'
import { BLOCK_SIZE, createRig, settle } from './rig.ts'
import { createWants } from './wants.ts'
import type { Rig, RigInit } from './rig.ts'

/** How much memory the engine needs, bytes. */
export interface MemoryFigure {
  /** For a client that has been served and wants nothing. */
  readonly idleClient: number
  /** For a want that is open at a member. */
  readonly openWant: number
  /** For a want that waits until a member has capacity. */
  readonly queuedWant: number
  /** For a want to which four members have answered DONT_HAVE. */
  readonly exhaustedWant: number
}

const IDLE_CLIENTS = 3_000
const CLIENTS = 100

/**
 * Measures how much the heap grows. Ids of clients and bytes of messages are not included.
 *
 * @param collect - collects all garbage
 */
export function memoryFigure (collect: () => void): MemoryFigure {
  return {
    idleClient: idleClient(collect),
    openWant: want(collect, { members: 100, each: 100 }, rig => { expectOpen(rig, CLIENTS * 100) }),
    queuedWant: want(collect, { members: 4, each: 300 }),
    exhaustedWant: want(collect, { members: 4, each: 300, silent: false }, rig => {
      while (rig.open > 0) {
        rig.answer(Infinity, rig.dontHave)
        settle(rig)
      }
    })
  }
}

function idleClient (collect: () => void): number {
  const rig = createRig({ strategy: STRATEGY, members: 4, limits: LIMITS })
  const wants = createWants()
  const names = Array.from({ length: IDLE_CLIENTS }, (_, i) => `client-${i}`)

  return growth(collect, IDLE_CLIENTS, rig, () => {
    for (const name of names) {
      rig.message(name, wants(MESSAGE))
      settle(rig)
      rig.answer(Infinity, rig.block)
      settle(rig)
    }
  })
}

function want (collect: () => void, { members, each, silent = true }: Pick<RigInit, 'members' | 'silent'> & { each: number }, then?: (rig: Rig) => void): number {
  const rig = createRig({ strategy: STRATEGY, members, limits: LIMITS, silent })
  const wants = createWants()

  return growth(collect, CLIENTS * each, rig, () => {
    for (let message = 0; message < each / MESSAGE; message++) {
      for (let client = 0; client < CLIENTS; client++) {
        rig.message(`client-${client}`, wants(MESSAGE))
        settle(rig)
      }
    }

    then?.(rig)
  })
}

const STRATEGY = 'round-robin'
const LIMITS = { expectedBlock: BLOCK_SIZE }

function growth (collect: () => void, count: number, rig: Rig, change: () => void): number {
  const before = used(collect)
  change()
  const grown = used(collect) - before
  // keeps the engine alive until here
  settle(rig)

  return grown / count
}

function used (collect: () => void): number {
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()

  return heapUsed + external
}

function expectOpen (rig: Rig, count: number): void {
  if (rig.open !== count) {
    throw new Error(`${rig.open} wants are open, not ${count}`)
  }
}
