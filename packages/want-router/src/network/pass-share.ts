import type { ReadingTurns } from './reading-turns.ts'

/** What a peer may have handled in a pass of the event loop: it has one share, however many streams and connections it has. */
export interface PassShare {
  /** Whether something of it is left in this pass. */
  isLeft (): boolean
  /** A message was handled, with this many wants, blocks and presences. */
  handled (items: number): void
}

/** Creates a share of so many wants, blocks and presences in each pass. */
export function createPassShare ({ countPass }: Pick<ReadingTurns, 'countPass'>, most: number): PassShare {
  /** The pass in which a message was handled last. */
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

      // a message without any is work, too
      handled += Math.max(1, items)
    }
  }
}
