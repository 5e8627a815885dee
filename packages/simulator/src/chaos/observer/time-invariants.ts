import { LATE, MAX_GRACE, MAX_GRACES } from '../bounds.ts'
import { broken } from '../errors.ts'
import type { Engine, Input } from '@kitsune/want-router/engine'

// a tick may find that what it did to one member has made another's attempt overdue
const OVERDUE_TICKS = 3
// a flush without an input since the last one: driver and engine may each have had a reason
const IDLE_FLUSHES = 1
// timers are set to whole ms
const ROUNDED = 2

/** When the engine is ticked and flushed. */
export class TimeInvariants {
  readonly #engine: Pick<Engine, 'dirty' | 'deadline'>
  readonly #now: () => number
  #idleFlushes = 0
  #tickedAt: number | undefined
  #overdueTicks = 0
  /** Since when something is to be flushed. */
  #dirtySince: number | undefined
  /** When the engine wanted to be ticked, after the last flush. */
  #deadline: number | undefined
  /** When the clock last jumped or the process stood still. */
  #jumpedAt = -Infinity
  /** How often that was since the last tick. */
  #jumps = 0
  /** How late the driver's timer is that fires before the sockets are read, ms; 0: they are read. */
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

  /** The process stood still, and a timer that is late by this much fires before what came meanwhile is read; 0: it is read now. */
  stalled (late: number): void {
    if (this.#jumpedAt < this.#now()) {
      this.jumped()
    }

    this.#late = late
  }

  input (input: Input): void {
    this.#expectOnTime()
    this.#idleFlushes = 0
    // what is learnt after a tick may make a deadline earlier than that
    this.#tickedAt = input.t === 'tick' ? this.#now() : undefined

    if (input.t === 'tick') {
      this.#deadline = undefined

      if (this.#late > LATE && this.#jumps <= MAX_GRACES) {
        broken('stall', `the process stood still, and silent members are judged by a timer that is ${this.#late} ms late, before what came meanwhile is read`)
      }

      this.#jumps = 0
    }
  }

  take (): void {
    this.#idleFlushes = 0
  }

  /** The engine has been told something, or something was taken. */
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
    // one that has passed is for at once
    this.#deadline = deadline == null ? undefined : Math.max(deadline, this.#now())
    const overdue = this.#tickedAt === this.#now() && deadline != null && !(deadline > this.#now())
    this.#overdueTicks = overdue ? this.#overdueTicks + 1 : 0

    if (this.#overdueTicks > OVERDUE_TICKS) {
      broken('deadline', `ticked at ${this.#now()} ms, and wants to be woken at ${deadline} ms`)
    }
  }

  /** What was to be done by now was done, unless a timer was held up and is granted time. */
  #expectOnTime (): void {
    const now = this.#now()

    if (now - this.#jumpedAt <= (MAX_GRACES + 1) * MAX_GRACE) {
      return
    }

    if (this.#dirtySince != null && this.#dirtySince < now) {
      broken('flushes', `it is ${now} ms, and what was to be flushed at ${this.#dirtySince} ms was not`)
    }

    // what was taken since may have put it off
    const deadline = Math.max(this.#deadline ?? Infinity, this.#engine.deadline ?? Infinity)

    if (now - deadline > ROUNDED) {
      broken('deadline', `it is ${now} ms, and the engine wanted to be woken at ${deadline} ms`)
    }
  }
}
