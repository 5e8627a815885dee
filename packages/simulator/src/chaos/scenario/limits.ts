import type { Dice } from './dice.ts'
import type { Limits } from '@kitsune/want-router'

const KIB = 1024

/** Mostly so small that each is reached; limits of time are often short, so that all of them pass within a run. */
export function drawLimits (dice: Dice): Partial<Limits> {
  return { ...drawSizes(dice), ...drawTimes(dice), ...drawShares(dice) }
}

/** Merges the draws that are made, each as likely. */
function some (probability: number, { chance }: Dice, draws: ReadonlyArray<() => Partial<Limits>>): Partial<Limits> {
  return Object.assign({}, ...draws.map(draw => chance(probability) ? draw() : {}))
}

function drawSizes (dice: Dice): Partial<Limits> {
  const { int, pick } = dice

  return some(0.6, dice, [
    () => ({ wantsPerClient: int(2, pick([20, 60])) }),
    () => {
      const unsentPerClient = int(2, 20) * KIB

      return { unsentPerClient, inFlightPerClient: unsentPerClient * int(1, 8) }
    },
    () => ({ unsent: int(8, 60) * KIB, unreadTimeout: pick([1000, 10_000]) }),
    () => ({ wantsPerMember: int(1, 8) }),
    () => {
      const minBytesPerMember = int(2, 20) * KIB

      return { minBytesPerMember, maxBytesPerMember: minBytesPerMember * int(1, 4) }
    },
    () => ({ standingPerMember: int(0, 4) }),
    () => ({ inFlight: int(8, 64) * KIB }),
    () => ({ expectedBlock: int(1, 8) * KIB }),
    () => ({ inlineBlock: pick([0, 100, 2000]) })
  ])
}

function drawTimes (dice: Dice): Partial<Limits> {
  const { int, pick } = dice

  return some(0.7, dice, [
    () => ({ wantLifetime: pick([20_000, 60_000, 300_000]) }),
    () => ({ minTimeout: 100, firstTimeout: int(200, 2000), maxTimeout: int(2000, 5000) }),
    () => ({ stallTimeout: pick([20, 100, 1000]) }),
    () => ({ askAgainAfter: int(2, 20) * 1000 }),
    () => ({ absenceLifetime: pick([0, 500, 5000]) }),
    () => ({ forgetDownAfter: int(2, 30) * 1000 }),
    () => {
      const ejection = int(1, 20) * 1000

      return { ejection, maxEjection: ejection * int(1, 5), slowStart: int(1, 10) * 1000 }
    },
    () => ({ minHedge: pick([0, 1, 50]) })
  ])
}

function drawShares (dice: Dice): Partial<Limits> {
  const { int, pick } = dice

  return some(0.6, dice, [
    () => ({ tries: int(1, 3) }),
    () => ({ retryBudget: pick([0, 0.1, 0.5]) }),
    () => ({ ejectAfter: int(1, 5) }),
    () => ({ hedgeShare: pick([0, 0.2, 0.5, 0.5]) }),
    () => ({ panic: pick([0, 0.3, 0.7]) })
  ])
}
