import { InvalidOptionError } from '../../errors.ts'
import { reuseRanking } from '../ranking/ranking.ts'
import { RearrangedRanking } from '../ranking/rearranged-ranking.ts'
import { declareDecorator } from './decoration.ts'
import type { Member, Outcome, StrategyFactory } from '../strategy.ts'

/** Options of {@link presence}. */
export interface PresenceInit {
  /** A member with a greater share of misses is ranked last, between 0 and 1. Default 0.5: it misses more often than not. */
  poor?: number
  /** One want in this many goes first to a member that is otherwise ranked last, to find out whether it has been filled. Default 256. */
  probe?: number
}

/** The defaults of {@link PresenceInit}. */
export const DEFAULT_PRESENCE: Readonly<Required<PresenceInit>> = { poor: 0.5, probe: 256 }

// the weight of an outcome: after eleven misses in a row a member counts as poor
const ALPHA = 1 / 16
// the mean gap between probes while they find something
const HOPEFUL = 8

/**
 * Ranks members that hold what is wanted before those that do not. This prevents
 * bitswap's black hole: an empty node answers at once that it does not have a block,
 * so it looks fast and idle and attracts every want (99.9% of them under peak EWMA
 * in a simulation).
 *
 * The share of misses of each member is learned over all blocks, so that it holds
 * for blocks never seen before. A DONT_HAVE is a miss only once another member is
 * known to have the block: otherwise wants for blocks that no member has would
 * poison them all. Members that often miss blocks which others hold are ranked last,
 * unless all do; within both groups the inner strategy decides. Members known to
 * hold this very block come first.
 *
 * One want in `probe` goes to a poor member first, to each in turn, so that one that
 * has been filled is found; while such probes succeed they come more often. Nothing
 * is kept about a want, nor about a member that has left.
 *
 * A pick costs the inner one, a question to the want about each member, and the poor
 * members that are pulled before the first that is not.
 *
 * @throws {InvalidOptionError} if `poor` is not between 0 and 1, `probe` is not a
 * whole number of at least 2, or `inner` is decorated in an order that defeats it
 */
export function presence (inner: StrategyFactory, init: PresenceInit = {}): StrategyFactory {
  const { poor = DEFAULT_PRESENCE.poor, probe = DEFAULT_PRESENCE.probe } = init

  if (!(poor > 0 && poor < 1)) {
    throw new InvalidOptionError(`presence: poor must be a share of misses between 0 and 1, not ${poor}`)
  }

  if (!Number.isSafeInteger(probe) || probe < 2) {
    throw new InvalidOptionError(`presence: probe must be a whole number of at least 2, as one want in that many is a probe, not ${probe}`)
  }

  return declareDecorator({ name: 'presence' }, inner, env => {
    const strategy = inner(env)
    const probes = new Probes(probe, env.random)
    const holdings = new AllHoldings(poor, probes)

    const ranking = reuseRanking(() => new RearrangedRanking({
      start (want, first) {
        for (const { member } of holdings.all) {
          if (want.said(member.id) === 'have') {
            first.add(member)
          }
        }

        const probed = probes.next()

        if (probed != null && !first.has(probed)) {
          first.add(probed)
        }

        return strategy.rank(want)
      },
      delay: ({ id }) => holdings.avoids(id) ? 1 : 0
    }))

    return {
      update (members) {
        holdings.update(members)
        strategy.update(members)
      },

      rank: want => ranking().reset(want),

      avoids: (id, want) => holdings.avoids(id) || strategy.avoids?.(id, want) === true,

      observe (outcome) {
        holdings.observe(outcome)
        strategy.observe?.(outcome)
      }
    }
  })
}

/** What is known about the blocks that a member holds. */
interface Holdings {
  readonly member: Member
  /** The share of wants that it missed and another member had; decays by count. */
  misses: number
  poor: boolean
}

/** The holdings of all members. */
class AllHoldings {
  readonly #threshold: number
  readonly #probes: Probes
  #byId = new Map<string, Holdings>()
  #lastResorts: ReadonlySet<string> = new Set()
  all: Holdings[] = []

  constructor (threshold: number, probes: Probes) {
    this.#threshold = threshold
    this.#probes = probes
  }

  update (members: readonly Member[]): void {
    this.all = members.map(member => {
      const { misses = 0, poor = false } = this.#byId.get(member.id) ?? {}

      return { member, misses, poor }
    })
    this.#byId = new Map(this.all.map(known => [known.member.id, known]))
    this.#findLastResorts()
  }

  avoids (id: string): boolean {
    return this.#lastResorts.size > 0 && id !== this.#probes.latest?.id && this.#lastResorts.has(id)
  }

  observe ({ member: id, want, result }: Outcome): void {
    const known = this.#byId.get(id)

    // a block after a HAVE tells nothing new
    if (known == null || !(result === 'have' || (result === 'block' && want.said(id) !== 'have'))) {
      return
    }

    if (known.poor) {
      this.#probes.hasten()
    }

    this.#learn(known, 0)

    for (const other of this.all) {
      if (other !== known && want.said(other.member.id) === 'dont-have') {
        this.#learn(other, 1)
      }
    }
  }

  #learn (known: Holdings, miss: number): void {
    known.misses += (miss - known.misses) * ALPHA

    if (known.poor !== (known.misses > this.#threshold)) {
      known.poor = !known.poor
      this.#findLastResorts()
    }
  }

  #findLastResorts (): void {
    const poor = this.all.filter(({ poor }) => poor).map(({ member }) => member)
    // if all are poor, none is worse than the others
    const lastResorts = poor.length === this.all.length ? [] : poor
    this.#lastResorts = new Set(lastResorts.map(({ id }) => id))
    this.#probes.update(lastResorts)
  }
}

/** Decides which wants go first to a member that is otherwise a last resort. */
class Probes {
  readonly #mean: number
  readonly #random: () => number
  #members: readonly Member[] = []
  #untilNext = 0
  #count = 0
  /** The member probed by the latest ranking, in which it is not a last resort. */
  latest: Member | undefined

  constructor (mean: number, random: () => number) {
    this.#mean = mean
    this.#random = random
  }

  update (members: readonly Member[]): void {
    if (this.#members.length === 0 && members.length > 0) {
      this.#untilNext = this.#gap(this.#mean)
    }

    this.#members = members
  }

  /** The member to be asked first for this want, if one is due. */
  next (): Member | undefined {
    this.latest = undefined

    if (this.#members.length > 0 && --this.#untilNext <= 0) {
      this.#untilNext = this.#gap(this.#mean)
      this.latest = this.#members[this.#count++ % this.#members.length]
    }

    return this.latest
  }

  /** A probe found something: the next one comes soon. */
  hasten (): void {
    this.#untilNext = Math.min(this.#untilNext, this.#gap(HOPEFUL))
  }

  /** Of random length, so that no cycle in the traffic always meets a probe. */
  #gap (mean: number): number {
    return 1 + Math.floor(this.#random() * (2 * mean - 1))
  }
}
