import { hashString } from '../../engine/hash.ts'
import { BestFirst } from '../ranking/best-first.ts'
import { reuseRanking } from '../ranking/ranking.ts'
import type { Candidate } from '../ranking/best-first.ts'
import type { StrategyFactory } from '../strategy.ts'

interface Hashed extends Candidate {
  readonly hash: number
}

/**
 * Rendezvous hashing (highest random weight). Each block has its own order of members,
 * the same in every worker and replica, so that a block is wanted where it was wanted
 * before, and the members' caches add up instead of repeating one another. When a
 * member leaves, only its own blocks move, each to the next in its own order, so that no
 * single neighbour inherits them all.
 *
 * Weighted by `-weight / ln(h)`, with h uniform in (0, 1) from the hashes of want and
 * member (Schindelhauer and Schomaker, 2005). The order depends on the members' ids, not
 * on their order in the configuration. Members in every state are ranked: the engine
 * skips those that cannot be asked, and a member that returns gets its blocks back.
 *
 * A pick costs a hash for each member, and where weights differ a logarithm: some
 * 0.1 µs for 10 members and 0.5 for 100, or 0.2 and 2.
 */
export function rendezvous (): StrategyFactory {
  return env => {
    let candidates: Hashed[] = []
    let alike = true
    const seed = foldSeed(env.seed)

    const ranking = reuseRanking(() => new BestFirst<Hashed>({
      weigh (candidates, costs, from, to, wanted) {
        for (let i = from; i < to; i++) {
          const { member, hash } = candidates[i]
          // where weights are equal the logarithm changes nothing about the order
          costs[i] = alike ? -mix(wanted ^ hash) : -Math.log(uniform(wanted ^ hash)) / member.weight
        }
      },
      before: (a, b) => a.member.id < b.member.id
    }))

    return {
      update (members) {
        candidates = members.map(member => ({ member, hash: hashString(member.id, seed) }))
        alike = members.every(({ weight }) => weight === members[0].weight)
      },

      rank: want => ranking().reset(candidates, want.hash)
    }
  }
}

/** Reduces a seed to 32 bits; both halves of a wider one count. */
export function foldSeed (seed: number): number {
  return (seed ^ Math.floor(seed / 2 ** 32)) >>> 0
}

/** Mixes 32 bits (murmur3's finaliser). */
function mix (bits: number): number {
  let h = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)

  return (h ^ (h >>> 16)) >>> 0
}

/** A number in (0, 1), both ends excluded, so that its logarithm is finite and not 0. */
export function uniform (bits: number): number {
  return (mix(bits) + 0.5) / 2 ** 32
}
