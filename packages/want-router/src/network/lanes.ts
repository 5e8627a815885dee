import { createWriter } from './writer.ts'
import type { Writer, WriterInit } from './writer.ts'
import type { Outgoing } from '@kitsune/bitswap-codec'

export interface LanesInit extends Omit<WriterInit, 'full'> {}

/**
 * A writer that goes on with a second stream, and a third, where the peer's window
 * for one is all that holds it back.
 *
 * A stream carries no more than its window in a round trip. go-yamux opens 16 MiB,
 * but each time that it doubles a window it keeps to itself what it had given back
 * until then, so that of 16 MiB a sender has 8: at 250 ms no more than 32 MB/s.
 * Bitswap servers that open a stream for each message do not meet that bound, and
 * clients are used to them.
 *
 * Only blocks go by the further streams. Wants, and answers of which a later one
 * contradicts an earlier, keep their order on the first.
 */
export function createLanes (init: LanesInit): Writer {
  const { limits } = init
  const writers: Writer[] = []
  /** What the further streams had to send that belongs on the first. */
  const first: Outgoing[] = []
  /** A stream that broke is not tried again, nor are those after it, until the peer connects anew. */
  let usable = limits.maxLanes

  function lane (index: number): Writer {
    return createWriter({
      ...init,
      take (maxBytes, protocol) {
        const waiting = index === 0 ? first.shift() : undefined
        if (waiting != null) {
          return waiting
        }
        // what only the first can send must not pile up here
        if (index > 0 && (index >= usable || first.length >= limits.maxLanes)) {
          return
        }
        const message = init.take(maxBytes, protocol)
        return index === 0 ? message : blocksOf(message)
      },
      full () {
        const next = index + 1
        if (next < usable) {
          writers[next] ??= lane(next)
          writers[next].wake()
        }
      },
      rested () {
        const unsent = index === 0 ? [] : writers[index]?.surrender() ?? []
        if (unsent.length > 0) {
          usable = Math.min(usable, index)
          first.push(...unsent)
          writers[0].wake()
        }
        init.rested()
      }
    })
  }

  /** Leaves the rest of a message to the first stream. */
  function blocksOf (message: Outgoing | undefined): Outgoing | undefined {
    const { blocks, ...rest } = message ?? {}
    if (Object.keys(rest).length > 0) {
      first.push(rest)
      writers[0].wake()
    }
    return blocks == null ? undefined : { blocks }
  }

  writers.push(lane(0))

  return {
    wake () { writers[0].wake() },
    greet () { writers[0].greet() },
    open: async signal => writers[0].open(signal),
    connected () {
      usable = limits.maxLanes
      writers.forEach(writer => { writer.connected() })
    },
    moved () {
      writers.forEach(writer => { writer.moved() })
      usable = limits.maxLanes
    },
    get connection () { return writers[0].connection },
    stuck: connection => Math.max(...writers.map(writer => writer.stuck(connection))),
    get busy () { return first.length > 0 || writers.some(({ busy }) => busy) },
    surrender: () => [],
    tick: () => false,
    stop (error) {
      first.length = 0
      writers.forEach(writer => { writer.stop(error) })
    },
    async close (signal) {
      await Promise.all(writers.map(async writer => writer.close(signal)))
    }
  }
}
