import { DEFAULT_LIMITS } from '@kitsune/want-router'
import { hashString } from '@kitsune/want-router/engine'
import { seededRandom } from '@kitsune/want-router/testing'
import { createHostilePolicies, expectedOf, FAILURE } from '../actors/hostile-policy.ts'
import { AdmissionMonitor } from '../observer/admission-monitor.ts'
import { createDice } from '../scenario/dice.ts'
import type { HostilePolicy } from '../actors/hostile-policy.ts'
import type { Stage } from '../stage.ts'
import type { Direction } from './router-world.ts'
import type { PolicyOptions } from '@kitsune/want-router'
import type { EngineInit } from '@kitsune/want-router/engine'

/** Names of the members of each direction. */
export type MemberNames = Readonly<Record<Direction, readonly string[]>>

/** The longest time that a call of all policies takes, ms. */
const { verdictTimeout } = DEFAULT_LIMITS

/** The policies of a router, in each direction some or none; their draws come from separate streams. */
export class RouterPolicies {
  readonly #stage: Stage
  readonly #policies: Readonly<Record<Direction, readonly HostilePolicy[]>>

  constructor (stage: Stage, members: MemberNames) {
    this.#stage = stage
    this.#policies = { forward: draw(stage, 'forward', members.forward), reverse: draw(stage, 'reverse', members.reverse) }
  }

  /** Whether policies may refuse wants. */
  has (direction: Direction): boolean {
    return this.#policies[direction].length > 0
  }

  /** The policy options of a direction. */
  of (direction: Direction): PolicyOptions {
    return { policies: this.#policies[direction], policyFailure: FAILURE }
  }

  /** Makes the observer of an engine that asks them. */
  monitor (direction: Direction, init: EngineInit): AdmissionMonitor {
    const { trace, met } = this.#stage
    const expected = (client: string, cid: Uint8Array): ReturnType<typeof expectedOf> => expectedOf(this.#policies[direction], client, cid)

    return this.#stage.observed(init, init => new AdmissionMonitor(init, { trace, met, expected }))
  }

  /** From now on they let all wants pass, including those that they have restricted. */
  heal (): void {
    for (const policy of this.#all) {
      policy.heal()
      policy.review()
    }
  }

  /** The longest time until everything is decided, ms: a running call, one for wants that wait, and one more for each further policy. */
  get deciding (): number { return this.#all.length === 0 ? 0 : (1 + this.#all.length) * verdictTimeout }

  get #all (): HostilePolicy[] { return [...this.#policies.forward, ...this.#policies.reverse] }
}

function draw ({ seed, clock }: Stage, direction: Direction, members: readonly string[]): readonly HostilePolicy[] {
  const random = seededRandom(hashString(`router policies ${direction}`, seed))
  const { chance, pick } = createDice(random)

  return chance(0.4) ? createHostilePolicies(pick([1, 1, 2]), { clock, random: [random, random], members: [...members, 'nobody'], timeout: verdictTimeout }) : []
}
