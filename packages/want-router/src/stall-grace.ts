/** Calls `run` once after `ms`, unless the returned function is called first. */
export type After = (ms: number, run: () => void) => () => void

/** A timer that is later than this has not been held up by others: the process stood still, ms. */
const LATE = 100
/** The longest that one grace lasts, ms, and how many a timer gets in a row. */
const MAX_GRACE = 1000
const MAX_GRACES = 3

/**
 * Timers for judging others. The event loop runs timers before it reads sockets,
 * so after the process has stood still (a stopped process, a collection, a block
 * that takes long to hash) the first timer would find that no peer has answered,
 * although all have. One that fires late waits as long again before it runs:
 * meanwhile what has arrived is read, decrypted and verified, and the rest of it,
 * which needed us to make room for it, comes.
 */
export function withStallGrace ({ now, after }: { now (): number, after: After }): After {
  return (ms, run) => {
    let cancel = set(ms, MAX_GRACES)

    function set (ms: number, graces: number): () => void {
      const due = now() + ms

      return after(ms, () => {
        const late = now() - due

        if (late > LATE && graces > 0) {
          cancel = set(Math.min(late, MAX_GRACE), graces - 1)
        } else {
          run()
        }
      })
    }

    return () => { cancel() }
  }
}
