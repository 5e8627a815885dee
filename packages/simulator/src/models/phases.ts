import type { MemberModel, Phase } from '../scenario/schema.ts'
import type { Timers } from '@kitsune/want-router/engine'

/** The present behaviour of a member. */
export interface Behaviour {
  readonly slow: number
  readonly down: boolean
  readonly stalled: boolean
  readonly cold: boolean
  readonly holds: number
  readonly others: number
}

/**
 * Calls `change` at the start and whenever a phase begins or ends. Where phases
 * overlap, the later one in the list wins.
 */
export function followPhases (clock: Timers, { phases, holds, others }: Pick<MemberModel, 'phases' | 'holds' | 'others'>, change: (now: Behaviour) => void): void {
  const usual: Behaviour = { slow: 1, down: false, stalled: false, cold: false, holds, others }
  const running = new Set<Phase>()

  function apply (): void {
    let behaviour = usual

    for (const phase of phases) {
      if (running.has(phase)) {
        behaviour = { ...phase, holds: phase.holds ?? holds, others: phase.others ?? others }
      }
    }

    change(behaviour)
  }

  function schedule (phase: Phase, from: number): void {
    clock.after(from - clock.now(), () => {
      running.add(phase)
      apply()

      if (phase.to != null) {
        clock.after(phase.to - phase.from, () => {
          running.delete(phase)
          apply()
        })
      }

      if (phase.every != null) {
        schedule(phase, from + phase.every)
      }
    })
  }

  if (phases.every(({ from }) => from > 0)) {
    clock.endOfTick(apply)
  }

  for (const phase of phases) {
    schedule(phase, phase.from)
  }
}
