import { InvalidOptionError } from '../../errors.ts'
import { FULL_SCAN, createLeastCostStrategy } from '../ranking/least-cost.ts'
import type { StrategyFactory } from '../strategy.ts'

/** Options of {@link leastLoaded}. */
export interface LeastLoadedInit {
  /**
   * What an open want costs a member besides its block, as the bytes that it could
   * have sent in that time. Default 8 KiB: kubo 0.42 was measured to serve
   * 342 MB/s in blocks of 256 KiB and 47,600 blocks/s of 1 KiB, so a want takes
   * it some 20 µs, or 7 KB.
   */
  wantCost?: number
}

/** The default of {@link LeastLoadedInit.wantCost}. */
export const WANT_COST = 8192

/**
 * The member with the least work in flight in proportion to its weight. Work is the
 * expected bytes, which keep a node busy, plus a constant for every open want:
 * want-haves bring no bytes, and a thousand tiny blocks are more work than one big
 * one. Equal members, idle ones above all, take turns by weight.
 *
 * Up to 16 members, all are compared; above that, two drawn at random by weight
 * (power of two choices; Mitzenmacher, 2001; gRPC, Envoy and Finagle do the same).
 *
 * A member that quickly answers DONT_HAVE has little in flight and so attracts wants: where members hold different blocks, put `presence` around
 * it, or prefer `rendezvous`.
 *
 * A pick costs a scan of up to 16 members, or a draw: under 0.3 µs.
 *
 * @throws {InvalidOptionError} if `wantCost` is not a number above 0
 */
export function leastLoaded (init: LeastLoadedInit = {}): StrategyFactory {
  const { wantCost = WANT_COST } = init

  if (!(wantCost > 0 && wantCost < Infinity)) {
    throw new InvalidOptionError(`least-loaded: wantCost must be a number of bytes above 0, not ${wantCost}`)
  }

  return env => createLeastCostStrategy(env, {
    create: () => undefined,
    weigh (entries, costs, from, to) {
      for (let i = from; i < to; i++) {
        const { load, weight } = entries[i].member
        costs[i] = (load.bytes + load.wants * wantCost) / weight
      }
    },
    scan: FULL_SCAN
  })
}
