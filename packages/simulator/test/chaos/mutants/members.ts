import type { Mutant } from '../../../src/chaos/mutant.ts'

/** Bugs in the choice of members, in their answers, and in their health. */
export const MEMBER_MUTANTS: readonly Mutant[] = [
  {
    name: 'the silence of a member that cannot say DONT_HAVE ends the search',
    breaks: ['lost', 'dont-have', 'idle', 'readmission'],
    file: 'engine/timeouts.ts',
    find: "    noteAnswer(fetch, member, 'unknown', state.now())\n",
    replace: "    noteAnswer(fetch, member, 'unknown', state.now())\n    return\n"
  },
  {
    name: 'what a member said outlives its connection',
    breaks: ['choice', 'dont-have', 'lost', 'idle'],
    file: 'engine/member-lifecycle.ts',
    find: '  member.epoch++\n',
    replace: ''
  },
  {
    name: 'a HAVE that comes while another member is asked is ignored',
    breaks: ['dont-have'],
    file: 'engine/answers.ts',
    find: 'if (attempt == null ? answerOf(fetch, member) == null :',
    replace: 'if (attempt == null ? fetch.primary != null || answerOf(fetch, member) == null :'
  },
  {
    name: 'a DONT_HAVE counts as a try',
    breaks: ['dont-have', 'lost', 'idle'],
    file: 'engine/answers.ts',
    find: '  if (wasPrimary) {\n    continueFetch(state, fetch)\n  }',
    replace: '  if (wasPrimary) {\n    if (++fetch.tries >= state.limits.tries) giveUp(state, fetch)\n    else continueFetch(state, fetch)\n  }'
  },
  {
    name: 'one want too many is open at a member',
    breaks: ['windows'],
    file: 'engine/members.ts',
    find: 'load.wants < capacity.wants &&',
    replace: 'load.wants <= capacity.wants &&'
  },
  {
    name: 'a member keeps more standing wants than its limit',
    breaks: ['windows'],
    file: 'engine/standing.ts',
    find: 'if (member.standing.size > member.capacity.standing) {',
    replace: 'if (member.standing.size > 2 * member.capacity.standing) {'
  },
  {
    name: 'standing wants outlive the connection of their member',
    breaks: ['state', 'windows', 'attempts'],
    file: 'engine/member-lifecycle.ts',
    find: '  member.standing.clear()\n',
    replace: ''
  },
  {
    name: 'a member without standing wants is not told that a want timed out',
    breaks: ['windows'],
    file: 'engine/timeouts.ts',
    find: '  if (member.capacity.standing === 0) {\n    enqueueCancel(state.outbox, member, fetch)\n  }\n',
    replace: ''
  },
  {
    name: 'a member is asked for what only it wants itself',
    breaks: ['loops'],
    file: 'engine/candidates.ts',
    find: 'answerOf(fetch, member) != null || isBarred(state, fetch, member)',
    replace: 'answerOf(fetch, member) != null'
  },
  {
    name: 'ejected members are asked as those that are well',
    breaks: ['choice'],
    file: 'engine/candidates.ts',
    find: "if (member.state !== 'up' && !this.#panic) {",
    replace: 'if (this.#panic) {'
  },
  {
    name: 'health counts even where most members are ejected',
    breaks: ['choice'],
    file: 'engine/candidates.ts',
    find: 'return memberCounts.healthy < memberCounts.askable * limits.panic',
    replace: 'return false'
  },
  {
    name: 'members are asked with one priority',
    breaks: ['order'],
    file: 'engine/outbox.ts',
    find: 'priority > 1 ? priority - 1 : MAX_PRIORITY',
    replace: 'priority'
  },
  {
    name: 'what waits is not asked of a member that comes up',
    breaks: ['idle', 'lost', 'dont-have'],
    file: 'engine/member-lifecycle.ts',
    find: '  membersChanged(state, member)\n  wakeExhausted(state, member)\n',
    replace: '  membersChanged(state, member)\n'
  },
  {
    name: 'a DONT_HAVE does not end a series of failures',
    breaks: ['ejection'],
    file: 'engine/answers.ts',
    find: '    member.health.succeeded(state.now())\n    keepStanding',
    replace: '    keepStanding'
  },
  {
    name: 'the last member is ejected, too',
    breaks: ['ejection'],
    file: 'engine/member-lifecycle.ts',
    find: "member.state !== 'up' || others === 0",
    replace: "member.state !== 'up'"
  },
  {
    name: 'each ejection is as long as the first',
    breaks: ['readmission', 'ejection'],
    file: 'engine/health.ts',
    find: 'Math.min(maxEjection, ejection * this.#ejections)',
    replace: 'Math.min(Infinity, ejection)'
  },
  {
    name: 'an ejection is never paid back',
    breaks: ['readmission', 'ejection', 'weights'],
    file: 'engine/health.ts',
    find: '      this.#ejections--\n',
    replace: ''
  },
  {
    name: 'what waits is not asked of a member that returns from an ejection',
    breaks: ['readmission', 'idle'],
    file: 'engine/member-lifecycle.ts',
    find: '  member.why = member.connected ? undefined : member.why\n  wakeExhausted(state, member)\n',
    replace: ''
  },
  {
    name: 'a member that returns from an ejection has all its weight at once',
    breaks: ['weights'],
    file: 'engine/health.ts',
    find: 'Math.max(0.1, (now - this.#returned)',
    replace: 'Math.max(1, (now - this.#returned)'
  },
  {
    name: 'a member whose weight has grown is due for it again at once',
    breaks: ['deadline'],
    file: 'engine/member-lifecycle.ts',
    find: '  member.weighedAt = state.now()\n',
    replace: ''
  }
]
