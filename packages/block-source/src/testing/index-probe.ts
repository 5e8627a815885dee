import { StoreUnavailableError } from '../errors.ts'
import type { ObjectPart, ObjectStore, ReadOptions } from '../object-store.ts'

/** How the stores of an index behave: correctly; fail; find nothing; return half of the requested bytes; or never answer. */
export type ProbeMode = 'well' | 'failing' | 'missing' | 'short' | 'hanging'

/** Wraps the stores of an index, counts its reads and injects faults. */
export interface IndexProbe {
  mode: ProbeMode
  /** Lets all hanging reads continue. */
  release (): void
  /** Every read that began. */
  readonly reads: Array<{ readonly object: string, readonly length: number | undefined }>
  wrap (store: ObjectStore): ObjectStore
}

/** Makes a probe whose stores behave correctly at first. */
export function indexProbe (): IndexProbe {
  const hanging = new Set<() => void>()
  const probe: IndexProbe = {
    mode: 'well',
    release () {
      for (const resolve of hanging) {
        resolve()
      }

      hanging.clear()
    },
    reads: [],
    wrap: store => ({
      async read (object, options = {}) {
        probe.reads.push({ object, length: options.length })
        await fault(options)

        return short(await store.read(object, options))
      },
      async stat (object, options = {}) {
        await fault(options)

        return probe.mode === 'missing' ? undefined : store.stat(object, options)
      },
      ...(store.list == null
        ? {}
        : {
            async * list (prefix: string, options: { readonly signal?: AbortSignal } = {}) {
              await fault(options)
              yield * store.list?.(prefix, options) ?? []
            }
          })
    })
  }

  async function fault ({ signal }: ReadOptions): Promise<void> {
    signal?.throwIfAborted()

    if (probe.mode === 'failing') {
      throw new StoreUnavailableError('made to fail', { status: 503 })
    }

    if (probe.mode === 'hanging') {
      await new Promise<void>((resolve, reject) => {
        hanging.add(resolve)
        signal?.addEventListener('abort', () => { reject(signal.reason) }, { once: true })
      })
    }
  }

  /** The size stays that of the whole object, which does not end where the bytes end. */
  function short (part: ObjectPart | undefined): ObjectPart | undefined {
    if (part == null || probe.mode === 'missing') {
      return undefined
    }

    return probe.mode === 'short' ? { ...part, bytes: part.bytes.slice(0, part.bytes.length >> 1) } : part
  }

  return probe
}
