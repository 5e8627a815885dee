import { poll } from './until.ts'
import type { Balancer } from './balancer.ts'

/**
 * One metric of each member, in the order of `members`, which are given as
 * configured; 0 for one that the balancer has not counted. `name` is without
 * `kitsune_router_member_`, for example `asks_total`.
 */
export async function memberMetric (balancer: Balancer, name: string, members: readonly string[]): Promise<number[]> {
  const metrics = await balancer.metrics()

  return members.map(member => metrics.get(`kitsune_router_member_${name}{member="${member}"}`) ?? 0)
}

/** Resolves when all members are up: until then a strategy knows only some of them. */
export async function membersUp (balancer: Balancer, members: readonly string[]): Promise<void> {
  await poll(async () => (await memberMetric(balancer, 'up', members)).every(up => up === 1), `${members.join(', ')} to be up`)
}

/** The share of each in the sum, 0 if the sum is 0. */
export function shares (counts: readonly number[]): number[] {
  const sum = counts.reduce((sum, count) => sum + count, 0)

  return counts.map(count => sum === 0 ? 0 : count / sum)
}
