import type { Mutant } from '../../../src/chaos/mutant.ts'

/** Bugs in wants that wait for a verdict, and in wants that may use only some members. */
export const POLICY_MUTANTS: readonly Mutant[] = [
  {
    name: 'a verdict counts for whatever waits under its CID',
    breaks: ['admission', 'verdicts'],
    file: 'engine/admission.ts',
    find: 'return want?.awaits?.number === number ? want : undefined',
    replace: 'return want?.awaits != null ? want : undefined'
  },
  {
    name: 'an upgrade is not asked about',
    breaks: ['admission', 'state'],
    file: 'engine/admission.ts',
    find: '  if (fetch.state !== \'parked\' && !upgrade) {',
    replace: '  if (fetch.state !== \'parked\') {'
  },
  {
    name: 'a parked want is asked about each time that it is repeated',
    breaks: ['admission', 'state'],
    file: 'engine/admission.ts',
    find: 'if (upgrade && awaits?.type !== \'block\') {',
    replace: 'if (upgrade || fetch.state === \'parked\') {'
  },
  {
    name: 'a want that is refused lives on',
    breaks: ['admission', 'state', 'verdicts'],
    file: 'engine/admission.ts',
    find: '    endWant(state, want, \'refused\', { verdict })\n',
    replace: '    want.awaits = undefined\n'
  },
  {
    name: 'a parked want is admitted when its connection is heard again',
    breaks: ['admission', 'state'],
    file: 'engine/suspended-wants.ts',
    find: 'const parked = want.awaits != null && want.fetch.state === \'parked\'',
    replace: 'const parked = false'
  },
  {
    name: 'a parked want stays behind when it ends',
    breaks: ['state', 'gone'],
    file: 'engine/fetches.ts',
    find: '      state.parked.wants--\n',
    replace: ''
  },
  {
    name: 'any member may be used',
    breaks: ['admission', 'have', 'dont-have', 'state'],
    file: 'engine/fetch.ts',
    find: '  return only == null || only.members.has(id)\n',
    replace: '  return true\n'
  },
  {
    name: 'a member is asked that none of those that wait may use',
    breaks: ['admission', 'state'],
    file: 'engine/eligibility.ts',
    find: 'return isOwed(want) && mayUse(want, member) && want.client.member !== member',
    replace: 'return isOwed(want) && want.client.member !== member'
  },
  {
    name: 'a name that is not a member counts for nothing',
    breaks: ['dont-have'],
    file: 'engine/certainty.ts',
    find: '    if (member == null) {\n      return false\n    }',
    replace: '    if (member == null) {\n      continue\n    }'
  },
  {
    name: 'a waiter is told what is certain of the members that others may use',
    breaks: ['dont-have'],
    file: 'engine/exhaustion.ts',
    find: 'const certain = isCertain(state, fetch, want.only)',
    replace: 'const certain = isCertain(state, fetch, fetch.first?.only)'
  },
  {
    name: 'HAVE is said to all waiters, whichever member has it',
    breaks: ['have'],
    file: 'engine/answers.ts',
    find: "for (const want of waiters(fetch)) {\n    if (want.type === 'have' && !want.haveSent && mayUse(want, member)) {",
    replace: "for (const want of waiters(fetch)) {\n    if (want.type === 'have' && !want.haveSent) {"
  },
  {
    name: 'an attempt passes to the first waiter',
    breaks: ['state', 'admission'],
    file: 'engine/want-ends.ts',
    find: '  if (fetch.restricted > 0) {\n    passRestricted(state, fetch, client, to)\n  } else if (to !== client) {',
    replace: '  if (to !== client) {'
  },
  {
    name: 'a strict want is served whatever comes',
    breaks: ['admission'],
    file: 'engine/answers.ts',
    find: 'if (one.strict?.members.has(member.id) === true) {',
    replace: 'if (one.strict != null) {'
  },
  {
    name: 'a policy that hangs holds its wants for ever',
    breaks: ['verdicts'],
    file: 'driver/call-in-time.ts',
    find: 'timers.after(timeout, () => {',
    replace: 'timers.after(timeout * 1e6, () => {'
  },
  {
    name: 'a policy that throws lets the want pass',
    breaks: ['verdicts'],
    file: 'driver/policy-calls.ts',
    find: '        return fail(\'admit\', err)\n',
    replace: '        fail(\'admit\', err)\n        return \'pass\'\n'
  },
  {
    name: 'verdicts of a call are given to other wants',
    breaks: ['verdicts', 'admission'],
    file: 'driver/verdicts.ts',
    find: 'const verdict = note(one, verdicts[i])',
    replace: 'const verdict = note(one, verdicts[batch.length - 1 - i])'
  },
  {
    name: 'what a client asks for while a call runs is never resolved',
    breaks: ['verdicts'],
    file: 'driver/verdicts.ts',
    find: '      this.#resolved(client, batch, verdicts)\n      this.#next(client, line)\n',
    replace: '      this.#resolved(client, batch, verdicts)\n'
  },
  {
    name: 'another verdict of a review changes nothing',
    breaks: ['admission', 'lost'],
    file: 'engine/admission.ts',
    find: '  } else if (!isSameEligible(only, want.only)) {\n',
    replace: '  } else if (isSameEligible(only, want.only)) {\n'
  },
  {
    name: 'what failed is asked again minutes later',
    breaks: ['lost', 'dont-have'],
    file: 'engine/exhaustion.ts',
    find: 'toExhausted(state, fetch, Math.min(state.limits.askAgainAfter, FIRST_WAIT * 2 ** Math.min(fetch.exhaustions, 16)))',
    replace: 'toExhausted(state, fetch, 200_000)'
  },
  {
    name: 'a review asks about wants that may use all members',
    breaks: ['admission', 'state'],
    file: 'engine/admission.ts',
    find: 'if (want.only != null && want.awaits == null) {',
    replace: 'if (want.awaits == null) {'
  },
  {
    name: 'a want that is reviewed again has two numbers',
    breaks: ['admission'],
    file: 'engine/admission.ts',
    find: 'if (want.only != null && want.awaits == null) {',
    replace: 'if (want.only != null) {'
  }
]
