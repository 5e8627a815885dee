import { InvalidOptionError } from '../errors.ts'
import { takingTurns } from './turns.ts'
import type { StrategyFactory } from './strategy.ts'

export interface LeastLoadedInit {
  /**
   * What an open want costs a member beside its block, as the bytes it could
   * have sent in that time. Default 8 KiB: kubo 0.42 was measured to serve
   * 342 MB/s in blocks of 256 KiB and 47,600 blocks/s of 1 KiB, so a want takes
   * it some 20 µs, or 7 KB.
   */
  wantCost?: number
}

/**
 * The member with the least work in flight for its weight. Work is the expected
 * bytes, which is what keeps a node busy, plus a constant for every open want:
 * wants of type have bring no bytes, and a thousand tiny blocks are more work
 * than one big one. Equal members, idle ones above all, take turns by weight.
 *
 * All members are compared, not two at random: with few members two choices are
 * weak (2 of 4 slow: p99 of 281 ms against 57 in a simulation), and a scan of a
 * hundred takes a microsecond or two.
 *
 * A member that answers quickly that it lacks a block has little in flight and
 * so attracts wants: where members hold different blocks, prefer `rendezvous`.
 *
 * @throws {InvalidOptionError} if `wantCost` is not a number above 0
 */
export function leastLoaded (init: LeastLoadedInit = {}): StrategyFactory {
  const wantCost = init.wantCost ?? 8192

  if (!(wantCost > 0 && wantCost < Infinity)) {
    throw new InvalidOptionError(`least-loaded: wantCost is a number of bytes above 0, not ${wantCost}`)
  }

  return env => takingTurns(env, ({ load, weight }) => (load.bytes + load.wants * wantCost) / weight)
}
