import { DagLimitError } from '../errors.ts'

/** The share of one walk in the memory for all walks. */
export interface Share {
  /**
   * Takes this many more links or CIDs.
   *
   * @throws {DagLimitError} if the walk would then hold more than it leaves to all others
   */
  take (count: number): void
  /** Gives back what the walk no longer keeps. */
  give (count: number): void
  /** Gives back everything. */
  end (): void
}

/** The memory for all walks of a server. */
export interface Budget {
  share (): Share
}

/** @param total - links and CIDs; a single walk may use half of them, and less when there are others */
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
