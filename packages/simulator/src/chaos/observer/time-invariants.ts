import { LATE, MAX_GRACE, MAX_GRACES } from '../bounds.ts'
import { broken } from '../errors.ts'
import type { Engine, Input } from '@kitsune/want-router/engine'

// a tick may make another member's attempt overdue
const OVERDUE_TICKS = 3
// a flush without an input since the last one: driver and engine may each have had a reason
const IDLE_FLUSHES = 1
// timers are set to whole ms
const ROUNDED = 2

/** Checks when the engine is ticked and flushed. */
export class TimeInvariants {
  readonly #engine: Pick<Engine, 'dirty' | 'deadline'>
  readonly #now: () => number
  #idleFlushes = 0
  #tickedAt: number | undefined
  #overdueTicks = 0
  /** Since when there is something to flush. */
  #dirtySince: number | undefined
  /** When the engine wanted to be ticked, after the last flush. */
  #deadline: number | undefined
  /** When the clock last jumped or the process stood still. */
  #jumpedAt = -Infinity
  /** How often that happened since the last tick. */
  #jumps = 0
  /** How late the driver's timer is that fires before the sockets are read, ms; 0 once they are read. */
  #late = 0

  constructor (engine: Pick<Engine, 'dirty' | 'deadline'>, now: () => number) {
    this.#engine = engine
    this.#now = now
  }

  /** The clock has jumped. */
  jumped (): void {
    this.#jumpedAt = this.#now()
    this.#jumps++
  }

  /** Called when the process stood still and a timer fires this late before waiting messages are read; 0: they are read now. */
  stalled (late: number): void {
    if (this.#jumpedAt < this.#now()) {
      this.jumped()
    }

    this.#late = late
  }

  input (input: Input): void {
    this.#expectOnTime()
    this.#idleFlushes = 0
    // input after a tick may make a deadline earlier
    this.#tickedAt = input.t === 'tick' ? this.#now() : undefined

    if (input.t === 'tick') {
      this.#deadline = undefined

      if (this.#late > LATE && this.#jumps <= MAX_GRACES) {
        broken('stall', `the process stood still, and a timer that is ${this.#late} ms late judges silent members before waiting messages are read`)
      }

      this.#jumps = 0
    }
  }

  take (): void {
    this.#idleFlushes = 0
  }

  /** Called when the engine has got an input, or something was taken. */
  called (): void {
    if (this.#engine.dirty) {
      this.#dirtySince ??= this.#now()
    }
  }

  flush (): void {
    this.#idleFlushes++

    if (this.#idleFlushes > IDLE_FLUSHES + 1) {
      broken('flushes', `flushed ${this.#idleFlushes} times since the last input`)
    }
  }

  flushed (): void {
    const { dirty, deadline } = this.#engine
    this.#dirtySince = dirty ? this.#now() : undefined
    // a deadline that has passed means at once
    this.#deadline = deadline == null ? undefined : Math.max(deadline, this.#now())
    const overdue = this.#tickedAt === this.#now() && deadline != null && !(deadline > this.#now())
    this.#overdueTicks = overdue ? this.#overdueTicks + 1 : 0

    if (this.#overdueTicks > OVERDUE_TICKS) {
      broken('deadline', `ticked at ${this.#now()} ms, but still wants to be woken at ${deadline} ms`)
    }
  }

  /** Checks that everything due by now was done, unless a timer was held up and gets more time. */
  #expectOnTime (): void {
    const now = this.#now()

    if (now - this.#jumpedAt <= (MAX_GRACES + 1) * MAX_GRACE) {
      return
    }

    if (this.#dirtySince != null && this.#dirtySince < now) {
      broken('flushes', `it is ${now} ms, but the decisions of ${this.#dirtySince} ms were not flushed`)
    }

    // messages taken since may have postponed it
    const deadline = Math.max(this.#deadline ?? Infinity, this.#engine.deadline ?? Infinity)

    if (now - deadline > ROUNDED) {
      broken('deadline', `it is ${now} ms, but the engine wanted to be woken at ${deadline} ms`)
    }
  }
}
