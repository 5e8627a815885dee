import { InvalidOptionError } from '../../errors.ts'
import type { Member, StrategyFactory } from '../strategy.ts'

export interface PresenceInit {
  /** Above this share of misses a member is asked last, 0 to 1. Default 0.5: it lacks more often than not what another has. */
  poor?: number
  /** One want in so many goes to a member that is otherwise asked last, to find out whether it has been filled. Default 256. */
  probe?: number
}

/** What is known of what a member holds. */
interface Record {
  member: Member
  /** Share of what it was asked that it lacked and another had; decays by count. */
  misses: number
}

// a sample's weight: eleven misses in a row and a member is poor
const ALPHA = 1 / 16
// while probes find something they come this often
const HOPEFUL = 8

/**
 * Members that hold what is asked before those that do not. Bitswap's black hole:
 * an empty node answers at once that it lacks a block, so it looks fast and idle
 * and attracts every want (99.9% of them under peak EWMA in a simulation).
 *
 * For each member the share of misses is learned, over all blocks, so that it
 * holds for those never seen before. Something is a miss only once another member
 * is known to have what this one lacked: wants for what nobody has poison nobody.
 * Members with a poor share come last; among the others, and among the last, the
 * inner strategy decides. Those known to hold this very want come first.
 *
 * One want in `probe` goes to a poor member first, in turn, so that one that has
 * been filled is found; while such probes succeed they come more often. Nothing is
 * remembered of a want, and nothing of a member that has left.
 *
 * A pick costs the inner one and, once a member is poor, a look at each that
 * stands before the first that is not.
 *
 * @throws {InvalidOptionError} if `poor` is not between 0 and 1, or `probe` is not
 * a whole number of at least 2
 */
export function presence (inner: StrategyFactory, init: PresenceInit = {}): StrategyFactory {
  const { poor = 0.5, probe = 256 } = init

  if (!(poor > 0 && poor < 1)) {
    throw new InvalidOptionError(`presence: poor is a share of misses between 0 and 1, not ${poor}`)
  }

  if (!Number.isSafeInteger(probe) || probe < 2) {
    throw new InvalidOptionError(`presence: probe is a whole number of at least 2, one want in so many, not ${probe}`)
  }

  return env => {
    const strategy = inner(env)
    let records = new Map<string, Record>()
    let poorOnes: Record[] = []
    let untilProbe = 0
    let turn = 0

    // gaps of random length, so that no cycle in the traffic always meets the probe
    const gap = (mean: number): number => 1 + Math.floor(env.random() * (2 * mean - 1))

    function learn (record: Record, miss: number): void {
      const before = record.misses > poor
      record.misses += (miss - record.misses) * ALPHA

      if (before !== (record.misses > poor)) {
        sortOut()
      }
    }

    function sortOut (): void {
      const none = poorOnes.length === 0
      poorOnes = [...records.values()].filter(({ misses }) => misses > poor)

      if (none) {
        untilProbe = gap(probe)
      }
    }

    /** The poor member whose turn it is to be asked first, if it is anybody's. */
    function probed (): Member | undefined {
      if (--untilProbe > 0) {
        return
      }

      untilProbe = gap(probe)
      return poorOnes[turn++ % poorOnes.length].member
    }

    return {
      update (members) {
        records = new Map(members.map(member => [member.id, { member, misses: records.get(member.id)?.misses ?? 0 }]))
        sortOut()
        strategy.update(members)
      },

      * rank (want) {
        // if all are poor they are alike
        const some = poorOnes.length > 0 && poorOnes.length < records.size
        const first = some ? probed() : undefined
        let last: Member[] | undefined

        for (const { member } of records.values()) {
          if (want.said(member.id) === 'have') {
            yield member
          }
        }

        if (first != null && want.said(first.id) !== 'have') {
          yield first
        }

        for (const member of strategy.rank(want)) {
          if (want.said(member.id) === 'have' || member === first) {
            continue
          }

          if (some && (records.get(member.id)?.misses ?? 0) > poor) {
            (last ??= []).push(member)
          } else {
            yield member
          }
        }

        if (last != null) {
          yield * last
        }
      },

      observe (outcome) {
        const { member: id, want, result } = outcome
        const record = records.get(id)

        // a block after a have is the same news
        if (record != null && (result === 'have' || (result === 'block' && want.said(id) !== 'have'))) {
          if (record.misses > poor) {
            untilProbe = Math.min(untilProbe, gap(HOPEFUL))
          }

          learn(record, 0)

          for (const [other, record] of records) {
            if (other !== id && want.said(other) === 'lack') {
              learn(record, 1)
            }
          }
        }

        strategy.observe?.(outcome)
      }
    }
  }
}
