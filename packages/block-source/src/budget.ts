import { BudgetExceededError, InvalidOptionError } from './errors.ts'

/**
 * What a request is, since prices differ: `read` and `stat` are class B
 * operations of an object store, `list` is class A, `fetch` any other request.
 */
export type RequestKind = 'read' | 'stat' | 'list' | 'fetch'

export interface BudgetInit {
  /** How many requests may be made in all. */
  readonly limit: number
  /** How many of them are kept back, to answer and to close with: see {@link Budget.release}. Default 0 */
  readonly reserve?: number
}

/**
 * Counts requests against a limit, such as that of sub-requests which a Worker
 * has. Stores and sources that are given one spend it before each request,
 * retries included.
 */
export interface Budget {
  /** How many more requests may be made now, the reserve excluded. */
  readonly left: number
  /** How many were made of each kind. */
  readonly spent: Readonly<Record<RequestKind, number>>
  /**
   * Counts a request that is about to be made.
   *
   * @throws {BudgetExceededError} if only the reserve is left
   */
  spend (kind: RequestKind): void
  /** Makes the reserve available: to be called when nothing new is accepted and only what has begun is finished. */
  release (): void
}

/**
 * @throws {InvalidOptionError} if a number is not a whole one, or the reserve larger than the limit
 */
export function createBudget ({ limit, reserve = 0 }: BudgetInit): Budget {
  if (!Number.isInteger(limit) || !Number.isInteger(reserve) || reserve < 0 || limit < reserve) {
    throw new InvalidOptionError(`budget: limit and reserve are whole numbers with 0 <= reserve <= limit, not ${limit} and ${reserve}`)
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
