import { ObjectChangedError } from '../errors.ts'
import { memoryStore } from '../stores/memory.ts'
import type { MapStore } from './map-store.ts'

/** A store in memory to which a block map can be written: for tests, and for a map that only one process uses. */
export function memoryMapStore (objects: Map<string, Uint8Array> = new Map()): MapStore {
  const store = memoryStore({ objects })
  let last: Promise<unknown> = Promise.resolve()

  /** Runs steps one after another, so that a check and its write are one step. */
  async function alone<T> (step: () => Promise<T>): Promise<T> {
    const turn = last.then(step)
    last = turn.catch(() => {})

    return turn
  }

  return {
    ...store,
    async put (object, bytes, { ifMatch, ifAbsent, signal } = {}) {
      return alone(async () => {
        const info = await store.stat(object, { signal })

        if ((ifAbsent === true && info != null) || (ifMatch != null && ifMatch !== info?.etag)) {
          throw new ObjectChangedError(`${object} is ${info?.etag ?? 'not there'}`)
        }

        objects.set(object, bytes.slice())
      })
    },
    async remove (object) {
      return alone(async () => { objects.delete(object) })
    }
  }
}
