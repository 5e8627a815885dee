import { InvalidOptionError } from '../../errors.ts'
import { reuseRanking } from '../ranking/ranking.ts'
import { RearrangedRanking } from '../ranking/rearranged-ranking.ts'
import { declareDecorator } from './decoration.ts'
import type { Member, StrategyFactory } from '../strategy.ts'

/** Options of {@link sticky}. */
export interface StickyInit {
  /** How many clients are remembered: at least half of this number, at most all of it. The ones that have not asked for longest are forgotten first. Default 10,000. */
  clients?: number
  /** A client that has not asked for this time, ms, is forgotten, at the latest after twice that time. Default 10 min, the lifetime of a want. */
  idle?: number
}

/** The defaults of {@link StickyInit}. */
export const DEFAULT_STICKY: Readonly<Required<StickyInit>> = { clients: 10_000, idle: 600_000 }

/**
 * Gives each client a home, a member that is asked first for all its wants: the one
 * that took the client's first want, by the inner strategy. Over `roundRobin` this is
 * what go-libp2p-kitsune did: a node for each connection, in turn. It suits nodes that
 * fetch blocks which they do not have, and clients whose wants belong together.
 *
 * The wants of a client whose home is gone or not up are ranked by the inner strategy,
 * and the member that takes one becomes its new home. When the home does not have a
 * block, only that want moves on. Where several clients wait for one block, the home
 * of the first counts.
 *
 * A pick costs the inner one or, where there is a home, two look-ups: some 0.2 µs.
 * Its state is one name for each client, of a bounded number of clients.
 *
 * @throws {InvalidOptionError} if `clients` is not a whole number of at least 2,
 * `idle` not a number of ms above 0, or `inner` is decorated in an order that defeats it
 */
export function sticky (inner: StrategyFactory, init: StickyInit = {}): StrategyFactory {
  const { clients = DEFAULT_STICKY.clients, idle = DEFAULT_STICKY.idle } = init

  if (!Number.isSafeInteger(clients) || clients < 2) {
    throw new InvalidOptionError(`sticky: clients must be a whole number of at least 2, not ${clients}`)
  }

  if (!(idle > 0 && idle < Infinity)) {
    throw new InvalidOptionError(`sticky: idle must be a number of ms above 0, not ${idle}`)
  }

  return declareDecorator({ name: 'sticky' }, inner, env => {
    // two, so that wants which leave home take no turns from clients that have none yet
    const homing = inner(env)
    const others = inner(env)
    const homes = new Homes({ clients, idle }, env.now)

    const ranking = reuseRanking(() => new RearrangedRanking({
      start (want, first) {
        const home = homes.of(want.client)

        if (home == null) {
          return homing.rank(want)
        }

        first.add(home)

        return others.rank(want)
      },

      taken: (member, { client }) => { homes.settle(client, member) }
    }))

    return {
      update (members) {
        homes.update(members)
        homing.update(members)
        others.update(members)
      },

      rank: want => ranking().reset(want),

      observe (outcome) {
        homing.observe?.(outcome)
        others.observe?.(outcome)
      },

      avoids: (member, want) => homing.avoids?.(member, want) ?? false
    }
  })
}

/**
 * The homes of clients, in two generations: a client that asks moves into the young
 * one, and each change of generations forgets the old one.
 */
class Homes {
  readonly #init: Required<StickyInit>
  readonly #now: () => number
  #members = new Map<string, Member>()
  #young = new Map<string, string>()
  #old = new Map<string, string>()
  #since: number

  constructor (init: Required<StickyInit>, now: () => number) {
    this.#init = init
    this.#now = now
    this.#since = now()
  }

  update (members: readonly Member[]): void {
    this.#members = new Map(members.map(member => [member.id, member]))
  }

  /** The home of a client, if it has one that is up. */
  of (client: string): Member | undefined {
    this.#age()
    const home = this.#young.get(client) ?? this.#old.get(client)

    if (home == null) {
      return undefined
    }

    if (!this.#young.has(client)) {
      this.#young.set(client, home)
    }

    const member = this.#members.get(home)

    return member?.state === 'up' ? member : undefined
  }

  /** A member takes a want: it is the client's home from now on, unless it has one that is up. */
  settle (client: string, { id }: Member): void {
    if (client !== '' && this.of(client) == null) {
      this.#young.set(client, id)
    }
  }

  #age (): void {
    const now = this.#now()
    const age = now - this.#since

    if (this.#young.size >= this.#init.clients / 2 || age >= this.#init.idle) {
      this.#old = age >= 2 * this.#init.idle ? new Map() : this.#young
      this.#young = new Map()
      this.#since = now
    }
  }
}
