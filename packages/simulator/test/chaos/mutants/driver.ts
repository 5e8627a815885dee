import type { Mutant } from '../../../src/chaos/mutant.ts'

/** Bugs around the engine. */
export const DRIVER_MUTANTS: readonly Mutant[] = [
  {
    name: 'the network is woken from inside a flush',
    breaks: ['crash'],
    file: 'driver/decisions.ts',
    find: "      ready: client => { decided.push({ t: 'ready', client }) },\n",
    replace: '      ready: client => { init.upstream.wake(client) },\n'
  },
  {
    name: 'what is taken wakes nothing',
    breaks: ['flushes', 'idle', 'lost'],
    file: 'driver/driver.ts',
    find: 'maxBytes, protocol)\n\n    if (this.#engine.dirty) {\n      this.#schedule()\n    }\n',
    replace: 'maxBytes, protocol)\n'
  },
  {
    name: 'an earlier deadline does not move the timer',
    breaks: ['deadline'],
    file: 'driver/deadline-timer.ts',
    find: 'firesAt != null && (firesAt <= deadline || firesAt <= timers.now())',
    replace: 'firesAt != null'
  },
  {
    name: 'silent members are judged before what came is read',
    breaks: ['stall'],
    file: 'stall-grace.ts',
    find: 'if (late > LATE && graces > 0) {',
    replace: 'if (late > LATE && graces > MAX_GRACES) {'
  }
]
