import { encodeCarBlock, encodeCarHeader } from './encode.ts'
import type { DagBlock } from '../dag/block.ts'
import type { CID } from 'multiformats/cid'

/**
 * A CAR as a stream: it takes no block before what it has is read. An error breaks it off. A client that has read so far
 * sees a stream that has failed, never one that has ended.
 *
 * @param roots - of its header
 * @param blocks - in order
 * @param done - called when nothing more is taken of them
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
