import { block } from '../scenario/blocks.ts'
import { drawLimits } from '../scenario/limits.ts'
import { drawStrategy, strategyOf } from '../scenario/strategy.ts'
import type { Side } from './router-peer.ts'
import type { DirectionInit } from './router-world.ts'
import type { Block } from '../scenario/blocks.ts'
import type { Dice } from '../scenario/dice.ts'

// sizes of blocks, bytes: above what a session copies out of a larger frame, and different for each
const LEAST_SIZE = 5000

/** Draws the blocks of a run, and which side holds each; both sides hold the first two. */
export function drawBlocks ({ int, chance, pick }: Dice): Readonly<Record<Side, readonly Block[]>> {
  const all = Array.from({ length: int(4, 24) }, (_, n) => block(n + 1, LEAST_SIZE + n))
  const sides = all.map(() => chance(0.1) ? 'both' : pick<Side>(['node', 'client']))
  const of = (side: Side): Block[] => all.filter((_, i) => i < 2 || sides[i] === side || sides[i] === 'both')

  return { node: of('node'), client: of('client') }
}

/** Draws the strategy and the limits of one direction. */
export function drawDirection (dice: Dice): DirectionInit {
  // expiring wants are tested in other runs
  const { wantLifetime, ...limits } = drawLimits(dice)

  return { strategy: strategyOf(drawStrategy(dice)), limits: dice.chance(0.5) ? limits : {} }
}
