import type { Mutant } from '../../../src/chaos/mutant.ts'

/** Bugs in members that join, drain and leave. */
export const MEMBERSHIP_MUTANTS: readonly Mutant[] = [
  {
    name: 'a member that drains is asked like any other',
    breaks: ['draining'],
    file: 'engine/candidates.ts',
    find: 'if (!isAskable(member) || answerOf',
    replace: 'if (!member.connected || answerOf'
  },
  {
    name: 'a member that drains is asked for the block of which it was asked for a HAVE',
    breaks: ['draining'],
    file: 'engine/attempts.ts',
    find: 'return !member.draining && hasWindow(state, client)',
    replace: 'return hasWindow(state, client)'
  },
  {
    name: 'a member that drains counts as not having the block',
    breaks: ['dont-have'],
    file: 'engine/certainty.ts',
    find: '} else if (member.connected || member.draining || !member.forgotten) {',
    replace: '} else if (!member.draining && (member.connected || !member.forgotten)) {'
  },
  {
    name: 'a member that was removed counts at once as not having the block',
    breaks: ['dont-have'],
    file: 'engine/certainty.ts',
    find: '  if (state.departed.size > 0 && mayUseDeparted(state, only)) {\n    return false\n  }\n',
    replace: ''
  },
  {
    name: 'a member that was removed long ago still holds a DONT_HAVE back',
    breaks: ['dont-have'],
    file: 'engine/membership.ts',
    find: '    state.departed.clear()\n    settleExhausted(state)\n',
    replace: '    state.departed.clear()\n'
  },
  {
    name: 'what a member answered counts for another that has its name',
    breaks: ['dont-have', 'lost', 'idle', 'choice'],
    file: 'engine/fetch.ts',
    find: 'return answer?.member === member && answer.epoch === member.epoch ? answer : undefined',
    replace: 'return answer?.epoch === member.epoch ? answer : undefined'
  },
  {
    name: 'what the target of a member that was removed says is heard',
    breaks: ['generations'],
    file: 'driver/member-targets.ts',
    find: 'createSink(id, () => entry.isClosed)',
    replace: 'createSink(id, () => false)'
  },
  {
    name: 'what waits for a member that drains waits on',
    breaks: ['state'],
    file: 'engine/membership.ts',
    find: '  releaseBacklog(state, member)\n',
    replace: ''
  },
  {
    name: 'that a member is drained is told while something is open at it',
    breaks: ['draining'],
    file: 'engine/engine.ts',
    find: 'if (member.load.wants === 0) {',
    replace: 'if (member.load.wants <= 1) {'
  },
  {
    name: 'a member that no longer drains is not asked for what waits',
    breaks: ['idle', 'lost', 'dont-have'],
    file: 'engine/membership.ts',
    find: '  if (member.connected) {\n    wakeExhausted(state, member)\n',
    replace: '  if (member.connected) {\n'
  },
  {
    name: 'a client stays a member when that is removed',
    breaks: ['state'],
    file: 'engine/membership.ts',
    find: '  memberIsNot(state, member)\n',
    replace: ''
  },
  {
    name: 'a member keeps its weight until it has been ejected',
    breaks: ['weights'],
    file: 'engine/membership.ts',
    find: '    weigh(state, member)\n',
    replace: ''
  }
]
