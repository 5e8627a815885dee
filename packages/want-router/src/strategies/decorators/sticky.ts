import { InvalidOptionError } from '../../errors.ts'
import { rankings } from '../ranking/ranking.ts'
import { Rearranged } from '../ranking/rearranged.ts'
import { composed } from './decoration.ts'
import type { Member, StrategyFactory } from '../strategy.ts'

export interface StickyInit {
  /** Peers remembered, from half of those to all; who has not asked for longest is forgotten first. Default 10,000. */
  peers?: number
  /** A peer that has not asked for so long, ms, is forgotten, at twice that at the latest. Default 10 min, the lifetime of a want. */
  idle?: number
}

export const DEFAULT_STICKY: Readonly<Required<StickyInit>> = { peers: 10_000, idle: 600_000 }

/**
 * Each upstream peer has a home, where its wants are asked first: the member that
 * the inner strategy gave its first want to. Over `roundRobin` that is what
 * go-libp2p-kitsune did, a turn a connection. It suits nodes that fetch what they
 * lack, and peers whose wants belong together.
 *
 * A peer whose home is gone or not up falls to the inner order, and whoever takes
 * its want is its new home. When its home lacks a block, that want alone goes on.
 * Of several peers that wait for one block the first one's home counts.
 *
 * A pick costs the inner one and, where there is a home, two look-ups instead:
 * some 0.2 µs. State is a name a peer, bounded.
 *
 * @throws {InvalidOptionError} if `peers` is not a whole number of at least 2,
 * `idle` not a number of ms above 0, or `inner` is decorated in an order that defeats it
 */
export function sticky (inner: StrategyFactory, init: StickyInit = {}): StrategyFactory {
  const { peers = DEFAULT_STICKY.peers, idle = DEFAULT_STICKY.idle } = init

  if (!Number.isSafeInteger(peers) || peers < 2) {
    throw new InvalidOptionError(`sticky: peers is a whole number of at least 2, not ${peers}`)
  }

  if (!(idle > 0 && idle < Infinity)) {
    throw new InvalidOptionError(`sticky: idle is a number of ms above 0, not ${idle}`)
  }

  return composed({ name: 'sticky' }, inner, env => {
    // two, so that wants which leave home take no turns from peers that have none yet
    const homing = inner(env)
    const others = inner(env)
    let members = new Map<string, Member>()
    // two generations: a peer that asks passes into the young one, and a change of generations forgets the old
    let young = new Map<string, string>()
    let old = young
    let since = env.now()

    const ranking = rankings(() => new Rearranged({
      start (want, first) {
        const home = homeOf(want.peer)

        if (home == null) {
          return homing.rank(want)
        }

        first.add(home)
        return others.rank(want)
      },

      taken ({ id }, { peer }) {
        // a home that is up is kept when another member takes one of the wants
        if (peer !== '' && homeOf(peer) == null) {
          young.set(peer, id)
        }
      }
    }))

    function homeOf (peer: string): Member | undefined {
      age()
      const home = young.get(peer) ?? old.get(peer)

      if (home == null) {
        return undefined
      }
      if (!young.has(peer)) {
        young.set(peer, home)
      }

      const member = members.get(home)
      return member?.state === 'up' ? member : undefined
    }

    function age (): void {
      const now = env.now()

      if (young.size >= peers / 2 || now - since >= idle) {
        old = now - since >= 2 * idle ? new Map() : young
        young = new Map()
        since = now
      }
    }

    return {
      update (changed) {
        members = new Map(changed.map(member => [member.id, member]))
        homing.update(changed)
        others.update(changed)
      },

      rank: want => ranking().over(want),

      observe (outcome) {
        homing.observe?.(outcome)
        others.observe?.(outcome)
      },

      avoids: member => homing.avoids?.(member) ?? false
    }
  })
}
