import { hashString } from '../engine/hash.ts'
import { bestFirst } from './best-first.ts'
import type { Member, StrategyFactory } from './strategy.ts'

interface Candidate {
  member: Member
  hash: number
}

/**
 * Rendezvous hashing (highest random weight): each block has its own order of
 * members, the same in every worker and replica, so that a block is asked where
 * it was asked before and the members' caches add up instead of repeating one
 * another. Without a member only its own blocks move, to the next in their own
 * orders, so no single neighbour inherits them all.
 *
 * Weighted by `-weight / ln(h)` with h uniform in (0, 1) from the hashes of want
 * and member (Schindelhauer and Schomaker, 2005). The order depends on the ids
 * of the members, not on where they stand in the configuration. Members in every
 * state are ranked: the engine skips those that cannot be asked, and a member
 * that returns finds its blocks where they were.
 *
 * A pick costs a logarithm for each member and no allocation beyond the
 * iterator.
 */
export function rendezvous (): StrategyFactory {
  return env => {
    let candidates: Candidate[] = []
    // both halves count, if the seed is wider than 32 bits
    const seed = (env.seed ^ Math.floor(env.seed / 2 ** 32)) >>> 0
    const tie = (a: Candidate, b: Candidate): number => a.member.id < b.member.id ? -1 : 1

    return {
      update (members) {
        candidates = members.map(member => ({ member, hash: hashString(member.id, seed) }))
      },

      * rank (want) {
        const cost = ({ member, hash }: Candidate): number => -Math.log(uniform(want.hash ^ hash)) / member.weight

        for (const { member } of bestFirst(candidates, cost, tie)) {
          yield member
        }
      }
    }
  }
}

/** Mixes 32 bits (murmur3's finaliser) into a number in (0, 1), both ends excluded: their logarithms are of no use. */
function uniform (bits: number): number {
  let h = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (((h ^ (h >>> 16)) >>> 0) + 0.5) / 2 ** 32
}
