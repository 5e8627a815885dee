import { InvalidOptionError } from '../../errors.ts'
import { rankings } from '../ranking/ranking.ts'
import { Rearranged } from '../ranking/rearranged.ts'
import { composed } from './decoration.ts'
import type { Member, StrategyFactory } from '../strategy.ts'

export interface PresenceInit {
  /** Above this share of misses a member is asked last, between 0 and 1. Default 0.5: it lacks more often than not what another has. */
  poor?: number
  /** One want in so many goes to a member that is otherwise asked last, to find out whether it has been filled. Default 256. */
  probe?: number
}

export const DEFAULT_PRESENCE: Readonly<Required<PresenceInit>> = { poor: 0.5, probe: 256 }

/** What is known of what a member holds. */
interface Holdings {
  readonly member: Member
  /** Share of what it was asked that it lacked and another had; decays by count. */
  misses: number
  poor: boolean
}

// a sample's weight: after eleven misses in a row a member is poor
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
 * Members with a poor share come last, unless all have one; among the others, and
 * among the last, the inner strategy decides. Those known to hold this very want
 * come first.
 *
 * One want in `probe` goes to a poor member first, in turn, so that one that has
 * been filled is found; while such probes succeed they come more often. Nothing is
 * remembered of a want, and nothing of a member that has left.
 *
 * A pick costs the inner one, a question to the want about each member, and what
 * poor members are pulled before the first that is not.
 *
 * @throws {InvalidOptionError} if `poor` is not between 0 and 1, `probe` is not a
 * whole number of at least 2, or `inner` is decorated in an order that defeats it
 */
export function presence (inner: StrategyFactory, init: PresenceInit = {}): StrategyFactory {
  const { poor = DEFAULT_PRESENCE.poor, probe = DEFAULT_PRESENCE.probe } = init

  if (!(poor > 0 && poor < 1)) {
    throw new InvalidOptionError(`presence: poor is a share of misses between 0 and 1, not ${poor}`)
  }

  if (!Number.isSafeInteger(probe) || probe < 2) {
    throw new InvalidOptionError(`presence: probe is a whole number of at least 2, one want in so many, not ${probe}`)
  }

  return composed({ name: 'presence' }, inner, env => {
    const strategy = inner(env)
    let holdings: Holdings[] = []
    let byId = new Map<string, Holdings>()
    let poorOnes: Holdings[] = []
    let lastResorts: ReadonlySet<string> = new Set()
    // who is probed by the latest ranking, and so is no last resort in it
    let probing: string | undefined
    let untilProbe = 0
    let turn = 0

    // gaps of random length, so that no cycle in the traffic always meets the probe
    const gap = (mean: number): number => 1 + Math.floor(env.random() * (2 * mean - 1))

    function learn (known: Holdings, miss: number): void {
      known.misses += (miss - known.misses) * ALPHA

      if (known.poor !== (known.misses > poor)) {
        known.poor = !known.poor
        sortOut()
      }
    }

    function sortOut (): void {
      const none = poorOnes.length === 0
      poorOnes = holdings.filter(({ poor }) => poor)

      // if all are poor they are alike
      if (poorOnes.length === holdings.length) {
        poorOnes = []
      }
      if (none && poorOnes.length > 0) {
        untilProbe = gap(probe)
      }

      lastResorts = new Set(poorOnes.map(({ member }) => member.id))
    }

    /** The poor member whose turn it is to be asked first, if it is anybody's. */
    function probed (): Member | undefined {
      if (poorOnes.length === 0 || --untilProbe > 0) {
        return undefined
      }

      untilProbe = gap(probe)
      return poorOnes[turn++ % poorOnes.length].member
    }

    function avoids (id: string): boolean {
      return lastResorts.size > 0 && id !== probing && lastResorts.has(id)
    }

    const ranking = rankings(() => new Rearranged({
      start (want, first) {
        for (const { member } of holdings) {
          if (want.said(member.id) === 'have') {
            first.add(member)
          }
        }

        const probe = probed()
        probing = probe?.id

        if (probe != null && !first.has(probe)) {
          first.add(probe)
        }

        return strategy.rank(want)
      },
      delay: ({ id }) => avoids(id) ? 1 : 0
    }))

    return {
      update (members) {
        holdings = members.map(member => {
          const { misses = 0, poor = false } = byId.get(member.id) ?? {}
          return { member, misses, poor }
        })
        byId = new Map(holdings.map(known => [known.member.id, known]))
        sortOut()
        strategy.update(members)
      },

      rank: want => ranking().over(want),

      avoids,

      observe (outcome) {
        const { member: id, want, result } = outcome
        const known = byId.get(id)

        // a block after a have is the same news
        if (known != null && (result === 'have' || (result === 'block' && want.said(id) !== 'have'))) {
          if (known.poor) {
            untilProbe = Math.min(untilProbe, gap(HOPEFUL))
          }

          learn(known, 0)

          for (const other of holdings) {
            if (other !== known && want.said(other.member.id) === 'lack') {
              learn(other, 1)
            }
          }
        }

        strategy.observe?.(outcome)
      }
    }
  })
}
