import type { ReadingTurns } from './reading-turns.ts'

/** A peer's share of each pass of the event loop. A peer has one share, however many streams and connections it has. */
export interface PassShare {
  /** Whether some of it is left in this pass. */
  isLeft (): boolean
  /** Notes that a message with this many wants, blocks and presences was handled. */
  handled (items: number): void
}

/** Makes a share of `most` wants, blocks and presences in each pass. */
export function createPassShare ({ countPass }: Pick<ReadingTurns, 'countPass'>, most: number): PassShare {
  /** The pass in which a message was last handled. */
  let last = -1
  let handled = 0

  return {
    isLeft: () => last !== countPass() || handled < most,

    handled (items) {
      const pass = countPass()

      if (pass !== last) {
        last = pass
        handled = 0
      }

      // a message without any also takes work
      handled += Math.max(1, items)
    }
  }
}
