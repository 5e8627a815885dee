/**
 * Watches whether a member that has been asked does something. It distinguishes a member that
 * has stopped from one that waits for its clients, or for the readers of its answer.
 */
import { NoProgressError } from '../errors.ts'
import type { Timers } from '../timers.ts'

/** How long a member may do nothing, and what happens after that. */
export interface MemberWatchInit {
  readonly timers: Timers
  /** How long the member may do nothing, ms. */
  readonly wait: number
  /** Whether something has come from it, or for it, before. */
  readonly began: boolean
  /** Whether a member that did nothing is given up now, instead of getting the same time again. */
  givesUp (began: boolean): boolean
}

/** The watch over one member, from when it is asked. */
export interface MemberWatch {
  /** Aborts when the member is given up. */
  readonly signal: AbortSignal
  /** Whether something has come from it, or for it, ever. */
  readonly began: boolean
  /** Something has come from it, or for it. */
  progress (): void
  stop (): void
}

/** Watches a member from now on. */
export function watchMember ({ timers, wait, began, givesUp }: MemberWatchInit): MemberWatch {
  const ending = new AbortController()
  let progressed = false
  let cancel: () => void

  function begin (): void {
    progressed = false
    cancel = timers.after(wait, () => {
      if (!progressed && givesUp(began)) {
        ending.abort(new NoProgressError(`the member did nothing within ${wait / 1000} s`))
      } else {
        begin()
      }
    })
  }

  begin()

  return {
    signal: ending.signal,
    get began () { return began },

    progress () {
      progressed = true
      began = true
    },

    stop () { cancel() }
  }
}
