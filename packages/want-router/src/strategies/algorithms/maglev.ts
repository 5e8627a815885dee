import { hashString } from '../../engine/hash.ts'
import { InvalidOptionError } from '../../errors.ts'
import { rankings } from '../ranking/ranking.ts'
import { Rearranged } from '../ranking/rearranged.ts'
import { foldSeed, rendezvous, uniform } from './rendezvous.ts'
import type { Member, StrategyFactory } from '../strategy.ts'

export interface MaglevInit {
  /**
   * Places in the table, a prime of at most 5,000,011. Shares are exact to one
   * place, so a hundred a member keeps them within 1%. Default 65,537, as in the
   * paper and in Envoy: enough for 650 members, 256 KiB, made in some 10 ms.
   */
  size?: number
}

export const DEFAULT_MAGLEV: Readonly<Required<MaglevInit>> = { size: 65_537 }

// Envoy's limit
const MAX_SIZE = 5_000_011
// tells the hash that a member's steps come from, and that of its slow start, from the one for its offset
const STEP = 0x9e3779b9

/**
 * A table that gives each block a member (Maglev; Eisenbud and others, NSDI 2016).
 * For cache affinity like `rendezvous`, with a pick that costs the same for any
 * number of members; the price is that a member which joins or leaves also moves
 * some blocks of others: 2% or so of them, for one of ten.
 *
 * Weights are shares of the table. It depends on ids, configured weights and the
 * seed, not on the order of the configuration, so workers and replicas have the
 * same; and it is made anew when ids or configured weights change, not while a
 * member regains its weight after an ejection: until it has, part of its blocks go
 * as if it had failed.
 *
 * What a member cannot serve goes by the block's own order, that of `rendezvous`:
 * to all others, where the next place in the table would give it to few.
 *
 * A pick costs a look-up: some 0.1 µs. The next ones cost those of `rendezvous`.
 *
 * @throws {InvalidOptionError} if `size` is not a prime of at most 5,000,011
 */
export function maglev (init: MaglevInit = {}): StrategyFactory {
  const { size = DEFAULT_MAGLEV.size } = init

  if (!(size <= MAX_SIZE) || !isPrime(size)) {
    throw new InvalidOptionError(`maglev: size is a prime of at most ${MAX_SIZE}, such as ${DEFAULT_MAGLEV.size}, not ${size}`)
  }

  return env => {
    const order = rendezvous()(env)
    const seed = foldSeed(env.seed)
    let members: readonly Member[] = []
    let table: Int32Array = new Int32Array(0)
    let made = ''

    const ranking = rankings(() => new Rearranged({
      start (want, first) {
        if (members.length > 0) {
          const member = members[table[want.hash % size]]

          if (regained(member, want.hash)) {
            first.add(member)
          }
        }

        return order.rank(want)
      }
    }))

    /** Whether a member that is starting slowly takes this block already. */
    function regained ({ weight, baseWeight }: Member, hash: number): boolean {
      return weight >= baseWeight || uniform(hash ^ STEP) < weight / baseWeight
    }

    return {
      update (changed) {
        members = changed.toSorted((a, b) => a.id < b.id ? -1 : 1)
        const what = JSON.stringify(members.map(({ id, baseWeight }) => [id, baseWeight]))

        if (what !== made) {
          made = what
          table = lookupTable(members, size, seed)
        }

        order.update(changed)
      },

      rank: want => ranking().over(want)
    }
  }
}

/**
 * Members take turns in claiming places, each along a permutation of its own; one
 * of less weight than the greatest sits out in proportion (as in Envoy).
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
