import { hashString } from '../../engine/hash.ts'
import { InvalidOptionError } from '../../errors.ts'
import { reuseRanking } from '../ranking/ranking.ts'
import { RearrangedRanking } from '../ranking/rearranged-ranking.ts'
import { foldSeed, rendezvous, uniform } from './rendezvous.ts'
import type { Member, StrategyFactory } from '../strategy.ts'

/** Options of {@link maglev}. */
export interface MaglevInit {
  /**
   * Places in the table, a prime of at most 5,000,011. Shares are exact to one
   * place, so that a hundred places a member keep them within 1%. Default 65,537, as in
   * the paper and in Envoy: enough for 650 members, 256 KiB, built in some 10 ms.
   */
  size?: number
}

/** The defaults of {@link MaglevInit}. */
export const DEFAULT_MAGLEV: Readonly<Required<MaglevInit>> = { size: 65_537 }

// Envoy's limit
const MAX_SIZE = 5_000_011
// makes the hashes for a member's steps and for its slow start differ from the one for its offset
const STEP = 0x9e3779b9

/**
 * A table that gives each block a member (Maglev; Eisenbud and others, NSDI 2016).
 * It serves cache affinity like `rendezvous`, with a pick that costs the same for any
 * number of members; the price is that a member which joins or leaves also moves some
 * blocks of the others: some 2% of them, if it is one of ten.
 *
 * Weights are shares of the table. The table depends on ids, configured weights and the
 * seed, not on the order of the configuration, so that workers and replicas have the
 * same. It is rebuilt at the next pick when ids or configured weights have changed, but not while a member
 * regains its weight after an ejection: until then part of its blocks are routed as if
 * it had failed.
 *
 * Blocks that a member cannot serve follow their own order, that of `rendezvous`: they
 * go to all others, whereas the next place in the table would give them to few.
 *
 * A pick costs a look-up: some 0.1 µs. The next ones cost those of `rendezvous`.
 *
 * @throws {InvalidOptionError} if `size` is not a prime of at most 5,000,011
 */
export function maglev (init: MaglevInit = {}): StrategyFactory {
  const { size = DEFAULT_MAGLEV.size } = init

  if (!(size <= MAX_SIZE) || !isPrime(size)) {
    throw new InvalidOptionError(`maglev: size must be a prime of at most ${MAX_SIZE}, such as ${DEFAULT_MAGLEV.size}, not ${size}`)
  }

  return env => {
    const order = rendezvous()(env)
    const seed = foldSeed(env.seed)
    let members: readonly Member[] = []
    let table: Int32Array = new Int32Array(0)
    let builtFrom = ''
    let changed = false

    const ranking = reuseRanking(() => new RearrangedRanking({
      start (want, first) {
        if (members.length > 0) {
          const member = members[currentTable()[want.hash % size]]

          if (regained(member, want.hash)) {
            first.add(member)
          }
        }

        return order.rank(want)
      }
    }))

    /** Of many changes in a row, only the last one builds a table. */
    function currentTable (): Int32Array {
      if (changed) {
        changed = false
        const from = JSON.stringify(members.map(({ id, baseWeight }) => [id, baseWeight]))

        if (from !== builtFrom) {
          builtFrom = from
          table = lookupTable(members, size, seed)
        }
      }

      return table
    }

    /** Whether a member that is starting slowly takes this block already. */
    function regained ({ weight, baseWeight }: Member, hash: number): boolean {
      return weight >= baseWeight || uniform(hash ^ STEP) < weight / baseWeight
    }

    return {
      update (all) {
        members = all.toSorted((a, b) => a.id < b.id ? -1 : 1)
        changed = true
        order.update(all)
      },

      rank: want => ranking().reset(want)
    }
  }
}

/**
 * Members take turns in claiming places, each along its own permutation; a member of
 * less than the greatest weight sits out some turns in proportion (as in Envoy).
 */
function lookupTable (members: readonly Member[], size: number, seed: number): Int32Array {
  const table = new Int32Array(size).fill(-1)
  const greatest = Math.max(...members.map(({ baseWeight }) => baseWeight))
  const claimants = members.map(({ id, baseWeight }) => ({
    next: hashString(id, seed) % size,
    step: hashString(id, seed ^ STEP) % (size - 1) + 1,
    share: baseWeight / greatest,
    credit: 0
  }))
  let free = members.length === 0 ? 0 : size

  while (free > 0) {
    for (let i = 0; i < claimants.length && free > 0; i++) {
      const claimant = claimants[i]
      claimant.credit += claimant.share

      if (claimant.credit < 1) {
        continue
      }

      claimant.credit--

      while (table[claimant.next] >= 0) {
        claimant.next = (claimant.next + claimant.step) % size
      }

      table[claimant.next] = i
      free--
    }
  }

  return table
}

function isPrime (number: number): boolean {
  if (!Number.isInteger(number) || number < 2) {
    return false
  }

  for (let divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0) {
      return false
    }
  }

  return true
}
