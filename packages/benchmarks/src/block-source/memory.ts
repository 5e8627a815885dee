import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { carSource } from '@kitsune/block-source'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { fillBlock, madeBlock } from './made-car.ts'
import type { BlockIndex, ObjectStore } from '@kitsune/block-source'

/** The memory that many wants at once use, in bytes. */
export interface MemoryFigure {
  readonly wants: number
  readonly blockSize: number
  readonly budget: number
  /** The most that was reachable while the blocks were taken one after another: the growth of heap and buffers after a garbage collection. */
  readonly held: number
  /** The largest growth of buffers, including garbage. */
  readonly buffers: number
}

const MiB = 1 << 20
/** Blocks between two collections. */
const COLLECT_EVERY = 10

/** Wants this many blocks of 1 MiB at once, from objects that are generated when they are read. */
export async function memoryFigure (wants: number, budget = 32 * MiB): Promise<MemoryFigure> {
  const blockSize = MiB
  const numbers = new Map<string, number>()
  const cids: CID[] = []

  for (let i = 0; i < wants; i++) {
    const hash = await sha256.digest(madeBlock(i, blockSize))
    cids.push(CID.createV1(0x55, hash))
    numbers.set(hash.bytes.join(), i)
  }

  const store: ObjectStore = {
    async read (object, { offset = 0, length = blockSize } = {}) {
      const bytes = new Uint8Array(length)

      for (let at = 0; at < length; at += blockSize) {
        // in place: another buffer would count, too
        fillBlock((offset + at) / blockSize, bytes.subarray(at, at + blockSize))
      }

      return { bytes, size: wants * blockSize }
    },
    stat: async () => ({ size: wants * blockSize })
  }
  const index: BlockIndex = {
    complete: true,
    locate: async multihashes => multihashes.map(multihash => [{ object: 'made', offset: (numbers.get(multihash.join()) ?? 0) * blockSize, length: blockSize, at: 'block' }])
  }

  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')

  /** The largest growth of `measured` while all blocks are read. */
  async function most (measured: (got: number) => number): Promise<number> {
    collect()
    const before = measured(0)
    let most = before
    let got = 0

    for await (const { bytes } of carSource({ store, index, maxBytes: budget }).getMany?.(cids) ?? []) {
      got += Number(bytes != null)
      most = Math.max(most, measured(got))
      // as slow as a connection
      await new Promise(resolve => { setImmediate(resolve) })
    }

    if (got !== wants) {
      throw new Error(`${got} of ${wants} blocks were read`)
    }

    return most - before
  }

  return {
    wants,
    blockSize,
    budget,
    buffers: await most(() => process.memoryUsage().arrayBuffers),
    held: await most(got => {
      if (got % COLLECT_EVERY !== 0) {
        return 0
      }

      collect()
      const { heapUsed, external } = process.memoryUsage()

      return heapUsed + external
    })
  }
}
