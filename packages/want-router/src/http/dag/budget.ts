import { DagLimitError } from '../errors.ts'

/** What one walk may keep in memory, of what all walks share. */
export interface Share {
  /**
   * Takes this much more.
   *
   * @throws {DagLimitError} if the walk would then hold more than it leaves to all others
   */
  take (count: number): void
  /** Gives back what it no longer keeps. */
  give (count: number): void
  /** Gives back all. */
  end (): void
}

/** What all walks of a server may keep in memory. */
export interface Budget {
  share (): Share
}

/** @param total - links and CIDs; one walk has half of it when it is alone, and less when there are others */
export function createBudget (total: number): Budget {
  let used = 0

  return {
    share () {
      let own = 0

      return {
        take (count) {
          if (own + count > total - used - count) {
            throw new DagLimitError('The DAG has more blocks and links than are remembered for one request')
          }

          own += count
          used += count
        },

        give (count) {
          own -= count
          used -= count
        },

        end () {
          used -= own
          own = 0
        }
      }
    }
  }
}
