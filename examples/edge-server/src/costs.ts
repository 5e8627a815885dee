import type { Budget, RequestKind } from '@kitsune/block-source'

/** The operations that cost money, with the price of a million in dollars: Cloudflare's list prices, and Amazon's for S3. */
export const PRICES = { r2Get: 0.36, r2List: 4.50, kvRead: 0.50, kvWrite: 5, dynamoRead: 0.0625, durableRequest: 0.15, s3Get: 0.40, s3List: 5, cache: 0, connect: 0.30 } as const

type CostKind = keyof typeof PRICES

/** How often each operation was made. */
export type Costs = Record<CostKind, number>

/** The operation that each kind of request of a store is. */
export type CostKinds = Readonly<Record<RequestKind, CostKind>>

/** The prices of requests to R2. */
export const R2_COSTS: CostKinds = { read: 'r2Get', stat: 'r2Get', list: 'r2List', fetch: 'r2Get' }
/** The prices of requests to S3. */
export const S3_COSTS: CostKinds = { read: 's3Get', stat: 's3Get', list: 's3List', fetch: 's3Get' }
/** The prices of requests to DynamoDB: all of them are reads. */
export const DYNAMO_COSTS: CostKinds = { read: 'dynamoRead', stat: 'dynamoRead', list: 'dynamoRead', fetch: 'dynamoRead' }
/** The prices of requests to KV, where `list` stands for a write. */
export const KV_COSTS: CostKinds = { read: 'kvRead', stat: 'kvRead', list: 'kvWrite', fetch: 'kvRead' }

/** Creates counts of operations, all of them 0. */
export function createCosts (): Costs {
  return { r2Get: 0, r2List: 0, kvRead: 0, kvWrite: 0, dynamoRead: 0, durableRequest: 0, s3Get: 0, s3List: 0, cache: 0, connect: 0 }
}

/** A budget that also counts what the requests of a store cost. */
export function counted (budget: Budget, costs: Costs, kinds: CostKinds): Budget {
  return {
    get left () { return budget.left },
    get spent () { return budget.spent },
    release () { budget.release() },
    spend (kind) {
      budget.spend(kind)
      costs[kinds[kind]]++
    }
  }
}

/** The price of all operations, dollars, without CPU time, which a Worker cannot measure. */
export function dollarsOf (costs: Costs): number {
  return Object.entries(costs).reduce((sum, [kind, count]) => sum + count * PRICES[kind as CostKind] / 1e6, 0)
}
