import { encodeCarBlock, encodeCarHeader } from './encode.ts'
import type { DagBlock } from '../dag/block.ts'
import type { CID } from 'multiformats/cid'

/**
 * Makes a stream of a CAR, which takes the next block only when the previous one is read. An error breaks it off: the
 * client sees a stream that has failed, never one that has ended.
 *
 * @param roots - the roots in its header
 * @param blocks - its blocks, in order
 * @param done - called when no more blocks are taken
 */
export function carStream (roots: readonly CID[], blocks: AsyncGenerator<DagBlock>, done: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start (controller) {
      controller.enqueue(encodeCarHeader(roots))
    },

    async pull (controller) {
      try {
        const { value } = await blocks.next()

        if (value == null) {
          done()
          controller.close()

          return
        }

        for (const chunk of encodeCarBlock(value)) {
          controller.enqueue(chunk)
        }
      } catch (err) {
        done()
        controller.error(err)
      }
    },

    async cancel () {
      done()
      await blocks.return(undefined)
    }
  })
}
