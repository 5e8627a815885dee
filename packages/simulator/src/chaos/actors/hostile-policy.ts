import { LaterValue } from '../later-value.ts'
import { cidText } from '../scenario/blocks.ts'
import { createDice } from '../scenario/dice.ts'
import type { Dice } from '../scenario/dice.ts'
import type { Ask, Policy, PolicyControl, Restriction, Verdict } from '@kitsune/want-router'
import type { FakeClock } from '@kitsune/want-router/testing'

/** How a policy treats one want, or one call. */
type FaultMode = 'pass' | 'silent' | 'absent' | 'close' | 'only' | 'strict' | 'defer' | 'throw' | 'garbage'
type Answer = 'soon' | 'late' | 'never' | 'reject' | 'throw' | 'too few'

/** The verdict for a want whose policy fails. */
export const FAILURE = 'silent'

interface HostilePoliciesInit extends Pick<HostilePolicyInit, 'clock' | 'members' | 'timeout'> {
  /** The random sources of the first policy, and of the others. */
  readonly random: readonly [() => number, () => number]
}

/** Makes policies that are asked one after another. */
export function createHostilePolicies (count: number, { random: [first, others], ...init }: HostilePoliciesInit): HostilePolicy[] {
  const latest = new Map<string, Ask>()

  return Array.from({ length: count }, (_, i) => new HostilePolicy({ ...init, name: `p${i}`, random: i === 0 ? first : others, latest, isFirst: i === 0 }))
}

/** The verdict that the engine must be told for a want: the first policy that refuses it decides; otherwise it may use the members that every policy leaves. */
export function expectedOf (policies: readonly HostilePolicy[], client: string, cid: Uint8Array): Verdict {
  let only: readonly string[] | undefined
  let strict = false

  for (const policy of policies) {
    const verdict = policy.expected(client, cid)

    if (typeof verdict !== 'string') {
      const before = only
      only = before == null ? verdict.only : before.filter(id => verdict.only.includes(id))
      strict ||= verdict.strict === true

      if (only.length === 0) {
        return 'silent'
      }
    } else if (verdict !== 'pass') {
      return verdict
    }
  }

  return only == null ? 'pass' : { only, strict }
}

interface HostilePolicyInit {
  readonly name: string
  readonly clock: FakeClock
  random (): number
  /** Names of members, and other names; each restriction has some of them. */
  readonly members: readonly string[]
  /** How long a call may take, ms. */
  readonly timeout: number
  /** Each want as all policies were asked about it last, by its name; the first of them keeps that. */
  readonly latest: Map<string, Ask>
  readonly isFirst: boolean
}

/** A policy that the run controls, and that remembers its verdicts. */
export class HostilePolicy implements Policy {
  readonly name: string
  readonly #clock: FakeClock
  readonly #members: readonly string[]
  readonly #timeout: number
  readonly #latest: Map<string, Ask>
  readonly #isFirst: boolean
  readonly #dice: Dice
  readonly #modes: Readonly<Record<FaultMode, number>>
  readonly #answers: Readonly<Record<Answer, number>>
  /** The last verdict on each want of each client; undefined while it is still to come. */
  readonly #said = new Map<string, { readonly ask: Ask, verdict: Verdict | undefined }>()
  #control: PolicyControl | undefined
  #healed = false
  /** Whether it has been asked, and whether it has resolved something in time. */
  asked = false
  resolved = false

  constructor ({ name, clock, random, members, timeout, latest, isFirst }: HostilePolicyInit) {
    this.name = name
    this.#latest = latest
    this.#isFirst = isFirst
    const dice = createDice(random)
    const some = (most: number): number => dice.chance(0.4) ? 0 : dice.int(1, most)
    this.#clock = clock
    this.#members = members
    this.#timeout = timeout
    this.#dice = dice
    this.#modes = { pass: 8, silent: some(3), absent: some(3), close: dice.chance(0.2) ? 1 : 0, only: some(10), strict: some(5), defer: some(20), throw: some(2), garbage: some(1) }
    this.#answers = { soon: 8, late: some(4), never: some(2), reject: some(2), throw: some(1), 'too few': some(1) }
  }

  attach (control: PolicyControl): void { this.#control = control }

  /** Asks for new verdicts on the wants that it has restricted. */
  review (): void { this.#control?.review() }

  /** From now on it lets all wants pass, at once. */
  heal (): void { this.#healed = true }

  /** Its verdict on a want, as the engine must take it. */
  expected (client: string, cid: Uint8Array): Verdict {
    return this.#said.get(`${client} ${cidText(cid)}`)?.verdict ?? FAILURE
  }

  admit (ask: Ask): Verdict | 'defer' {
    if (this.#isFirst) {
      this.#latest.set(nameOf(ask), ask)
    }

    const mode = this.#healed ? 'pass' : this.#dice.weighted(this.#modes)

    switch (mode) {
      case 'throw':
        this.#say(ask, FAILURE)
        throw new Error('because the simulation says so')
      case 'garbage':
        this.#say(ask, FAILURE)

        return 'maybe' as Verdict
      case 'defer':
        this.#say(ask, undefined)

        return mode
      default:
        return this.#say(ask, this.#verdict(mode))
    }
  }

  resolve (asks: readonly Ask[], signal: AbortSignal): Promise<readonly Verdict[]> {
    const { int, weighted } = this.#dice
    const answer = this.#healed ? 'soon' : weighted(this.#answers)
    const later = new LaterValue<readonly Verdict[]>()

    if (answer === 'throw') {
      throw new Error('because the simulation says so')
    }

    if (answer !== 'never') {
      const soon = answer === 'late' ? int(this.#timeout - 10, 2 * this.#timeout) : int(0, Math.min(500, this.#timeout / 2))
      this.#clock.after(soon, () => {
        if (answer === 'reject') {
          later.fail(new Error('because the simulation says so'))

          return
        }

        const verdicts = asks.slice(answer === 'too few' ? 1 : 0).map(() => this.#verdict(weighted({ ...this.#modes, defer: 0, throw: 0, garbage: 0 })))

        if (!signal.aborted) {
          this.resolved ||= verdicts.length > 0
          verdicts.forEach((verdict, i) => { this.#note(asks[i], verdict) })
        }

        later.settle(verdicts)
      })
    }

    return later.asPromise()
  }

  #verdict (mode: FaultMode): Verdict {
    if (mode === 'only' || mode === 'strict') {
      const only = this.#members.filter(() => this.#dice.chance(0.4))
      const restriction: Restriction = { only: only.length === 0 ? [this.#members[0]] : only, strict: mode === 'strict' }

      return restriction
    }

    return mode === 'silent' || mode === 'absent' || mode === 'close' ? mode : 'pass'
  }

  #say<T extends Verdict | undefined> (ask: Ask, verdict: T): T {
    this.asked = true

    // a want that was taken back may come here after the same want has been asked again
    if (this.#latest.get(nameOf(ask)) === ask) {
      this.#said.set(nameOf(ask), { ask, verdict })
    }

    return verdict
  }

  /** Remembers a verdict, unless the policy has been asked about the want again since. */
  #note (ask: Ask, verdict: Verdict): void {
    const said = this.#said.get(nameOf(ask))

    if (said?.ask === ask) {
      said.verdict = verdict
    }
  }
}

function nameOf ({ client, cid }: Ask): string {
  return `${client} ${cidText(cid.bytes)}`
}
