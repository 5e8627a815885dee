import { multihashKey } from '@kitsune/bitswap-codec'
import * as raw from 'multiformats/codecs/raw'
import type { GetBlock } from './block.ts'
import type { Visit } from './expand.ts'
import type { CID } from 'multiformats/cid'

/** Visits below one block. */
export interface Frame {
  readonly visits: readonly Visit[]
  /** The index of the next visit. */
  next: number
  /** Whether the last visited block had links, as its siblings then usually have. */
  branches: boolean
}

/** Blocks of a walk that are fetched before they are visited. */
export interface LookAhead {
  /** Returns the block that is visited now. */
  take (key: string, cid: CID): Promise<Uint8Array>
  /** Begins to fetch the blocks that come next. */
  fill (stack: readonly Frame[]): void
}

/** The most blocks that are fetched ahead. */
const MAX_BLOCKS = 32
/** The most bytes of those, estimated from earlier blocks. */
const MAX_BYTES = 4 << 20
/** What a block that has links counts as: the blocks below it are visited before its next sibling, and have to fit, too. */
const BRANCH_COST = 8
/** The estimated size of the first block, bytes. */
const FIRST_SIZE = 256 << 10

/**
 * @param get - gets a block
 * @param isSeen - whether a CID needs no further visit
 */
export function createLookAhead (get: GetBlock, isSeen: (key: string) => boolean): LookAhead {
  const fetched = new Map<string, Promise<Uint8Array>>()
  let size = FIRST_SIZE
  /** Bytes of blocks that have arrived and were not taken yet. */
  let waiting = 0

  function begin (key: string, cid: CID): Promise<Uint8Array> {
    const block = get(cid)
    fetched.set(key, block)
    block.then(({ byteLength }) => {
      size += (byteLength - size) / 4
      waiting += byteLength
    }, () => {}) // the error is thrown where the block is taken

    return block
  }

  return {
    async take (key, cid) {
      const block = fetched.get(key) ?? begin(key, cid)
      fetched.delete(key)
      const bytes = await block
      waiting -= bytes.byteLength

      return bytes
    },

    fill (stack) {
      const limit = Math.min(MAX_BLOCKS, MAX_BYTES / size)
      let cost = 0

      for (let depth = stack.length - 1; depth >= 0; depth--) {
        const { visits, next, branches } = stack[depth]

        for (let i = next; i < visits.length; i++) {
          const { cid } = visits[i]
          cost += branches && cid.code !== raw.code ? BRANCH_COST : 1

          if (cost > limit || fetched.size >= MAX_BLOCKS || waiting >= MAX_BYTES) {
            return
          }

          const key = multihashKey(cid.bytes)
          fetched.has(key) || isSeen(key) || begin(key, cid)
        }
      }
    }
  }
}
