import { scanCar } from '../../src/car/scanner.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { carV1 } from '../fixtures/cars.ts'
import type { CarToAdd } from '../../src/map/batch.ts'
import type { TestBlock } from '../fixtures/cars.ts'

/** A CAR with these blocks, to be added to a map by scanning it. */
export function carOf (name: string, all: readonly TestBlock[], car: Uint8Array = carV1(all)): CarToAdd {
  const store = memoryStore({ objects: new Map([[name, car]]) })

  return { name, blocks: () => scanCar(store, name) }
}

/** A CAR of made-up blocks, by the number of each. */
export function madeUp (name: string, first: number, count: number): CarToAdd {
  return {
    name,
    async * blocks () {
      for (let from = first; from < first + count; from += 1000) {
        yield Array.from({ length: Math.min(1000, first + count - from) }, (_, i) => ({
          multihash: madeUpHash(from + i),
          blockOffset: (from + i) * 1000,
          blockLength: 999
        }))
      }
    }
  }
}

/** A sha2-256 multihash that no block has, spread like a real one. */
export function madeUpHash (number: number): Uint8Array {
  const multihash = new Uint8Array(34)
  multihash.set([0x12, 0x20])
  const view = new DataView(multihash.buffer)
  let state = number + 1

  for (let at = 2; at < 34; at += 4) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + number + at | 0
    state = Math.imul(state ^ (state >>> 12), 0x297a2d39)
    view.setUint32(at, state ^ (state >>> 15))
  }

  return multihash
}
