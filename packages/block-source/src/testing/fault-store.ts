import type { ListingStore, ObjectInfo, ObjectPart, ObjectStore, ReadOptions } from '../object-store.ts'

/** One call of a store. */
export interface StoreCall {
  readonly kind: 'read' | 'stat' | 'list'
  /** The name of the object, or the prefix of a list. */
  readonly object: string
  readonly offset: number
  /** Undefined: up to the end. */
  readonly length: number | undefined
}

/**
 * A fault of a call: it throws `error`; the object is `missing`; its bytes are `cut` to
 * this number; the byte at index `flip` is changed; the call begins only when `hold`
 * resolves.
 */
export interface StoreFault {
  readonly error?: Error
  readonly missing?: boolean
  readonly cut?: number
  readonly flip?: number
  readonly hold?: Promise<unknown>
}

/** A store that counts its calls, and fails on demand. */
export interface FaultStore extends ListingStore {
  /** All calls in order, including reads of length 0. */
  readonly calls: StoreCall[]
  /** How many bytes the store returned. */
  readonly bytes: number
  /** How many calls are running, and the most that ran at the same time. */
  readonly running: number
  readonly peak: number
  /** The script: returns the fault of a call, whose `index` counts from 0. Default: no faults */
  fault(call: StoreCall, index: number): StoreFault | undefined
}

/**
 * Wraps a store to inject faults and to count requests.
 */
export function faultStore (store: ObjectStore, fault: FaultStore['fault'] = () => undefined): FaultStore {
  const calls: StoreCall[] = []
  let bytes = 0
  let running = 0
  let peak = 0

  async function call<T> (made: StoreCall, signal: AbortSignal | undefined, operation: () => Promise<T>, spoil: (result: T, fault: StoreFault) => T | undefined): Promise<T | undefined> {
    const happens = self.fault(made, calls.push(made) - 1)
    peak = Math.max(peak, ++running)

    try {
      await happens?.hold
      signal?.throwIfAborted()

      if (happens?.error != null) {
        throw happens.error
      }

      if (happens?.missing === true) {
        return undefined
      }

      const result = await operation()

      return happens == null ? result : spoil(result, happens)
    } finally {
      running--
    }
  }

  const self: FaultStore = {
    calls,
    fault,
    get bytes () { return bytes },
    get running () { return running },
    get peak () { return peak },

    async read (object: string, options: ReadOptions = {}) {
      const part = await call<ObjectPart | undefined>({ kind: 'read', object, offset: options.offset ?? 0, length: options.length }, options.signal, async () => store.read(object, options), spoilPart)
      bytes += part?.bytes.byteLength ?? 0

      return part
    },

    async stat (object, options = {}) {
      return call<ObjectInfo | undefined>({ kind: 'stat', object, offset: 0, length: undefined }, options.signal, async () => store.stat(object, options), info => info)
    },

    async * list (prefix, options = {}) {
      await call({ kind: 'list', object: prefix, offset: 0, length: undefined }, options.signal, async () => true, () => true)
      yield * store.list?.(prefix, options) ?? []
    }
  }

  return self
}

function spoilPart (part: ObjectPart | undefined, { cut, flip }: StoreFault): ObjectPart | undefined {
  if (part == null) {
    return part
  }

  const bytes = part.bytes.slice(0, cut)

  if (flip != null && flip < bytes.byteLength) {
    bytes[flip] ^= 0xff
  }

  return { ...part, bytes }
}
