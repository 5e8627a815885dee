import { memoryStore } from '../../src/index.ts'
import { objectStoreTests } from '../../src/testing/index.ts'

objectStoreTests(() => {
  const objects = new Map<string, Uint8Array>()
  const maxRead = 1024 * 1024

  return {
    store: memoryStore({ objects, maxRead }),
    maxRead,
    put (object, bytes) { objects.set(object, bytes) },
    remove (object) { objects.delete(object) }
  }
}, { name: 'memory store' })
