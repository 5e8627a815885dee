import type { Mutant } from '../../../src/chaos/mutant.ts'

/** Bugs in the order of rounds, in what clients are charged for, and in when the engine is woken. */
export const SCHEDULING_MUTANTS: readonly Mutant[] = [
  {
    name: 'a client keeps asking when its round is over',
    breaks: ['fairness', 'idle'],
    file: 'engine/deficits.ts',
    find: 'return client.deficit >= Math.max(LEAST_COST, bytes)',
    replace: 'return true'
  },
  {
    name: 'a cancelled attempt is not observed',
    breaks: ['attempts', 'shares'],
    file: 'engine/attempts.ts',
    find: '  tellOutcome(state, attempt, result',
    replace: "  result !== 'cancelled' && tellOutcome(state, attempt, result"
  },
  {
    name: 'the engine wants to be woken for a retry that it cannot pay for yet',
    breaks: ['deadline'],
    file: 'engine/budgets.ts',
    find: 'return tokens.count >= 1 ? now : now + Math.ceil((1 - tokens.count) * 1000 / TRICKLE)',
    replace: 'return now'
  },
  {
    name: 'an engine with nothing to do wants to be woken',
    breaks: ['deadline'],
    file: 'engine/timeouts.ts',
    find: '    nextHedge(state),\n',
    replace: '    nextHedge(state),\n    now + 1000,\n'
  },
  {
    name: 'a flush leaves the engine dirty',
    breaks: ['flushes'],
    file: 'engine/engine.ts',
    find: '      state.dirty = false\n',
    replace: ''
  },
  {
    name: 'the engine draws its own random numbers',
    breaks: ['replay'],
    file: 'engine/outbox.ts',
    find: '    this.#priority = priority > 1 ? priority - 1 : MAX_PRIORITY\n',
    replace: '    this.#priority = priority > 2 ? priority - 1 - Math.floor(2 * Math.random()) : MAX_PRIORITY\n'
  },
  {
    name: 'the expected bytes of all members only grow',
    breaks: ['idle', 'lost', 'dont-have', 'readmission'],
    file: 'engine/attempts.ts',
    find: '  state.inFlight += bytes\n',
    replace: '  state.inFlight += Math.max(0, bytes)\n'
  },
  {
    name: 'an attempt that passes to another client stays charged to the first',
    breaks: ['state'],
    file: 'engine/attempts.ts',
    find: '  countOpen(attempt, -1)\n  enter(attempt, -attempt.reservedBytes)\n  giveRound(state, from)\n',
    replace: '  enter(attempt, -attempt.reservedBytes)\n  giveRound(state, from)\n'
  },
  {
    name: 'an attempt that ends leaves its stalled bytes with its client',
    breaks: ['state'],
    file: 'engine/attempts.ts',
    find: '  if (member.stalled) {\n    client.stalledBytes += bytes\n  }',
    replace: '  if (member.stalled && bytes > 0) {\n    client.stalledBytes += bytes\n  }'
  },
  {
    name: 'the time of a hedge is never set',
    breaks: ['idle', 'deadline', 'attempts', 'stall', 'shares'],
    file: 'engine/attempts.ts',
    find: '    startedAt: now,\n',
    replace: '    startedAt: hedge ? -Infinity : now,\n'
  },
  {
    name: 'retries are for nothing',
    breaks: ['shares'],
    file: 'engine/continuations.ts',
    find: ' || !state.retryBudget.spend(state.now())) {',
    replace: ') {'
  },
  {
    name: 'a hedge goes to a member that is ejected',
    breaks: ['shares', 'choice'],
    file: 'engine/hedges.ts',
    find: "&& member.state === 'up' && !member.stalled",
    replace: '&& !member.stalled'
  },
  {
    name: 'members are ranked again and again for each want',
    breaks: ['work'],
    file: 'engine/assignment.ts',
    find: '  const choice = choose(state, fetch, client)\n',
    replace: '  for (let n = 0; n < 3; n++) { for (const _ of state.strategy.rank(fetch)) { break } }\n  const choice = choose(state, fetch, client)\n'
  },
  {
    name: 'want-haves cost nothing of a round',
    breaks: ['fairness', 'idle'],
    file: 'engine/deficits.ts',
    find: 'client.deficit -= Math.max(LEAST_COST, primary.reservedBytes)',
    replace: 'client.deficit -= primary.reservedBytes'
  },
  {
    name: 'the end of an attempt gives its client no round',
    breaks: ['idle', 'lost'],
    file: 'engine/attempts.ts',
    find: '  giveRound(state, client)\n  member.recent',
    replace: '  member.recent'
  },
  {
    name: 'the end of an attempt frees nothing at its member',
    breaks: ['idle', 'lost'],
    file: 'engine/attempts.ts',
    find: '  freeCapacity(state, member)\n',
    replace: ''
  },
  {
    name: 'what leaves wakes no client that waits for memory',
    breaks: ['idle', 'lost'],
    file: 'engine/deliveries.ts',
    find: '    state.scheduler.memoryFreed = true\n',
    replace: ''
  },
  {
    name: 'a change of members frees nothing',
    breaks: ['idle', 'lost'],
    file: 'engine/member-lifecycle.ts',
    find: '  freeAllCapacity(state) // any fetch may be asked of other members now\n',
    replace: ''
  },
  {
    name: 'retries are granted whatever the traffic',
    breaks: ['shares'],
    file: 'engine/budgets.ts',
    find: 'const TRICKLE = 10\n',
    replace: 'const TRICKLE = 1000\n'
  },
  {
    name: 'a member takes over nothing that waits for another',
    breaks: ['idle'],
    file: 'engine/takeovers.ts',
    find: 'if (candidate && !tried.has(fetch) && hasCapacityFor(state, next, member)) {',
    replace: 'if (member.id === \'\' && candidate && !tried.has(fetch) && hasCapacityFor(state, next, member)) {'
  },
  {
    name: 'a member has what waits for another ranked again, as often as it waits on',
    breaks: ['work'],
    file: 'engine/takeovers.ts',
    find: '    tried.add(fetch)\n',
    replace: ''
  }
]
