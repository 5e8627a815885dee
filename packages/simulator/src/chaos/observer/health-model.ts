import { broken } from '../errors.ts'
import type { Limits, MemberInit, Outcome } from '@kitsune/want-router'
import type { Input, MemberStatus } from '@kitsune/want-router/engine'

// within ten seconds a tenth of a member's messages may be unsolicited, and sixteen in any case
const UNSOLICITED = { window: 10_000, free: 16, share: 0.1 }
// a member that is lost this often within a minute flaps
const FLAPS = { losses: 3, window: 60_000 }
// the share of its weight that a member has when it returns, and how often it gets more, ms
const LEAST_WEIGHT = 0.1
const WEIGHT_STEP = 1000

/** The health of one member, by its behaviour. */
interface Health {
  baseWeight: number
  weight: number
  /** When that was computed last. */
  weighedAt: number
  connected: boolean
  draining: boolean
  ejected: boolean
  /** Failures since the last success. */
  failures: number
  /** Ejections that have not been paid back. */
  ejections: number
  ejectedUntil: number
  /** When it returned from the last. */
  returned: number
  windowStart: number
  received: number
  unsolicited: number
  losses: number[]
  /** Counted as the engine does. */
  totalUnsolicited: number
}

/** The model of ejected and returning members. */
export interface HealthCounts { ejections: number, readmissions: number, panics: number }

/**
 * Which members are ejected, until when, and what weight they have: computed from
 * their behaviour, and compared with what the engine says.
 */
export class HealthModel {
  readonly counts: HealthCounts = { ejections: 0, readmissions: 0, panics: 0 }
  readonly #limits: Limits
  readonly #now: () => number
  readonly #members: Map<string, Health>
  #input: Input | undefined
  #outcomes: Outcome[] = []
  /** Members that have returned from an ejection since the last flush. */
  readonly readmitted = new Set<string>()

  constructor (members: readonly MemberInit[], limits: Limits, now: () => number) {
    this.#limits = limits
    this.#now = now
    this.#members = new Map(members.map(({ id, weight }) => [id, healthOf(weight)]))
  }

  isEjected (id: string): boolean {
    return this.#members.get(id)?.ejected === true
  }

  /** Whether so few members are healthy that health is ignored. */
  get panic (): boolean {
    let connected = 0
    let healthy = 0

    for (const member of this.#members.values()) {
      connected += member.connected && !member.draining ? 1 : 0
      healthy += isWell(member) ? 1 : 0
    }

    return healthy < connected * this.#limits.panic
  }

  /** Called before the engine gets the input. */
  before (input: Input): void {
    this.#input = input
    this.#outcomes = []
  }

  observe (outcome: Outcome): void {
    this.#outcomes.push(outcome)
  }

  /** Called after the engine has got the input, with its state. */
  after (statuses: readonly MemberStatus[]): void {
    const input = this.#input

    if (input == null) {
      return
    }

    this.#input = undefined
    this.#changes(input)
    this.#connections(input)
    this.#received(input, statuses)

    for (const { member, want, result } of this.#outcomes) {
      if (result === 'block' || result === 'have' || result === 'dont-have') {
        this.#succeeded(this.#find(member))
      } else if (result === 'timeout' || (result === 'failed' && isAnswer(input, member, want.key))) {
        this.#failed(this.#find(member), statuses.find(({ id }) => id === member)?.state === 'ejected')
      }
    }

    if (input.t === 'tick') {
      this.#step()
    }

    this.counts.panics += this.panic ? 1 : 0
  }

  /** Compares the engine's state of each member with this model. */
  status (statuses: readonly MemberStatus[]): void {
    for (const { id, state, weight, why } of statuses) {
      const health = this.#find(id)
      const asked = health.ejected ? 'ejected' : 'up'
      const connected = health.draining ? 'draining' : asked
      const expected = health.connected ? connected : 'down'

      if (state !== expected) {
        broken(health.ejections > 0 && state === 'ejected' ? 'readmission' : 'ejection',
          `${id} is ${state} (${why}), but should be ${expected}: ${health.failures} failures in a row, ejected ${health.ejections} times, last until ${health.ejectedUntil} ms (it is ${this.#now()} ms)`)
      }

      if (Math.abs(weight - health.weight) > 1e-9) {
        broken('weights', `${id} has weight ${weight}, but should have ${health.weight} of ${health.baseWeight}: it returned at ${health.returned} ms (it is ${this.#now()} ms)`)
      }
    }
  }

  #find (id: string): Health {
    return this.#members.get(id) ?? broken('ejection', `there is no member ${id}`)
  }

  #changes (input: Input): void {
    if (input.t === 'add') {
      this.#members.set(input.member, healthOf(input.weight))
    } else if (input.t === 'remove') {
      this.#members.delete(input.member)
    } else if (input.t === 'update') {
      const health = this.#find(input.member)
      health.draining = input.draining ?? health.draining

      if (input.weight != null || input.labels != null) {
        health.baseWeight = input.weight ?? health.baseWeight
        this.#weigh(health)
      }
    }
  }

  #connections (input: Input): void {
    if (input.t === 'up') {
      this.#find(input.member).connected = true
    } else if (input.t === 'down') {
      const health = this.#find(input.member)

      if (health.connected) {
        health.connected = false

        if (health.draining) {
          return // it may be restarted
        }

        const now = this.#now()
        health.losses = [...health.losses.filter(at => now - at < FLAPS.window), now].slice(-FLAPS.losses)

        if (health.losses.length === FLAPS.losses) {
          this.#eject(health)
        }
      }
    }
  }

  /** Called with what a member sends. The engine counts unsolicited messages, and `UnsolicitedInvariants` checks that. */
  #received (input: Input, statuses: readonly MemberStatus[]): void {
    if (input.t !== 'block' && !(input.t === 'answer' && (input.answer === 'have' || input.answer === 'dont-have'))) {
      return
    }

    const now = this.#now()
    const health = this.#find(input.member)
    const { unsolicited } = statuses.find(({ id }) => id === input.member)?.totals ?? { unsolicited: 0 }
    const more = unsolicited - health.totalUnsolicited
    health.totalUnsolicited = unsolicited

    if (now - health.windowStart > UNSOLICITED.window) {
      health.windowStart = now
      health.received = 0
      health.unsolicited = 0
    }

    health.received++
    health.unsolicited += more

    if (health.unsolicited > UNSOLICITED.free && health.unsolicited > health.received * UNSOLICITED.share) {
      this.#eject(health)
    }
  }

  #succeeded (health: Health): void {
    health.failures = 0

    // a member that has worked for as long as its last ejection took has one ejection less
    if (health.ejections > 0 && this.#now() - health.returned > this.#limits.ejection * health.ejections) {
      health.ejections--
      health.returned = this.#now() - this.#limits.slowStart
    }
  }

  #failed (health: Health, wasEjected: boolean): void {
    health.failures++

    if (health.failures >= this.#limits.ejectAfter) {
      // if two members are due at the same time, the engine may look at either first
      const returning = [...this.#members.values()].some(({ connected, ejected, ejectedUntil }) => connected && ejected && ejectedUntil <= this.#now())
      this.#eject(health, returning && wasEjected)
    }
  }

  /** Whether it is not the last healthy member. */
  #eject (health: Health, returning = false): void {
    const others = returning || [...this.#members.values()].some(other => other !== health && isWell(other))

    if (health.ejected || health.draining || !others) {
      return
    }

    health.ejected = true
    health.ejections++
    health.failures = 0
    health.received = 0
    health.unsolicited = 0
    health.ejectedUntil = this.#now() + Math.min(this.#limits.maxEjection, this.#limits.ejection * health.ejections)
    this.counts.ejections++
  }

  #step (): void {
    const now = this.#now()

    for (const [id, health] of this.#members) {
      if (health.ejected && health.ejectedUntil <= now) {
        health.ejected = false
        health.returned = now
        this.counts.readmissions++
        this.readmitted.add(id)
        this.#weigh(health)
      }

      if (health.weight < health.baseWeight && now - health.weighedAt >= WEIGHT_STEP) {
        this.#weigh(health)
      }
    }
  }

  #weigh (health: Health): void {
    const now = this.#now()
    health.weighedAt = now
    health.weight = health.baseWeight * Math.min(1, Math.max(LEAST_WEIGHT, (now - health.returned) / this.#limits.slowStart))
  }
}

function healthOf (weight = 1): Health {
  return {
    baseWeight: weight,
    weight,
    weighedAt: -Infinity,
    connected: false,
    draining: false,
    ejected: false,
    failures: 0,
    ejections: 0,
    ejectedUntil: 0,
    returned: -Infinity,
    windowStart: -Infinity,
    received: 0,
    unsolicited: 0,
    losses: [],
    totalUnsolicited: 0
  }
}

function isWell ({ connected, draining, ejected }: Health): boolean {
  return connected && !draining && !ejected
}

function isAnswer (input: Input, member: string, key: string): boolean {
  return input.t === 'answer' && input.answer === 'failed' && input.member === member && input.key === key
}
