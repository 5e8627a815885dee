import { BudgetExceededError, InvalidOptionError } from './errors.ts'

/**
 * The kind of a request, since prices differ: `read` and `stat` are class B
 * operations of an object store, `list` is class A, and `fetch` is any other request.
 */
export type RequestKind = 'read' | 'stat' | 'list' | 'fetch'

/** How many requests a budget pays for. */
export interface BudgetInit {
  /** How many requests may be made in total. */
  readonly limit: number
  /** How many of them are reserved for finishing: see {@link Budget.release}. Default 0 */
  readonly reserve?: number
}

/**
 * Counts requests against a limit, such as a Worker's limit of sub-requests. Stores
 * and sources with a budget spend one before each request, including retries.
 */
export interface Budget {
  /** How many more requests may be made now, without the reserve. */
  readonly left: number
  /** How many requests of each kind were made. */
  readonly spent: Readonly<Record<RequestKind, number>>
  /**
   * Counts a request that is about to be made.
   *
   * @throws {BudgetExceededError} if only the reserve is left
   */
  spend (kind: RequestKind): void
  /** Makes the reserve available. Call it when no new work is accepted and only work that has begun is finished. */
  release (): void
}

/**
 * @throws {InvalidOptionError} if a number is not whole, or the reserve is larger than the limit
 */
export function createBudget ({ limit, reserve = 0 }: BudgetInit): Budget {
  if (!Number.isInteger(limit) || !Number.isInteger(reserve) || reserve < 0 || limit < reserve) {
    throw new InvalidOptionError(`budget: limit and reserve must be whole numbers with 0 <= reserve <= limit, not ${limit} and ${reserve}`)
  }

  const spent = { read: 0, stat: 0, list: 0, fetch: 0 }
  let kept = reserve
  let left = limit

  return {
    get left () { return Math.max(0, left - kept) },
    spent,
    spend (kind) {
      if (left <= kept) {
        throw new BudgetExceededError(`all but ${kept} of ${limit} requests are spent`)
      }

      left--
      spent[kind]++
    },
    release () { kept = 0 }
  }
}
