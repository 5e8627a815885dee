import { scanCar } from '../../src/car/scanner.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { testMultihash } from '../../src/testing/test-multihash.ts'
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
          multihash: testMultihash(from + i),
          blockOffset: (from + i) * 1000,
          blockLength: 999
        }))
      }
    }
  }
}
