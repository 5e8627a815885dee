import type { Mutant } from '../../../src/chaos/mutant.ts'

/** Bugs in clients' wants, and in the answers to them. */
export const WANT_MUTANTS: readonly Mutant[] = [
  {
    name: 'a client that loses its copy loses its want',
    breaks: ['lost', 'readmission', 'idle'],
    file: 'engine/answers.ts',
    find: 'if (sendBlock(state, want.client, want.cid, bytes, reserved)) {',
    replace: 'if (sendBlock(state, want.client, want.cid, bytes, reserved) || true) {'
  },
  {
    name: 'a client is not always told that there is something to take',
    breaks: ['lost', 'dont-have', 'fairness', 'idle'],
    file: 'engine/deliveries.ts',
    find: '  state.outbox.readyClients.add(client)\n',
    replace: '  if (state.now() % 7 > 0) state.outbox.readyClients.add(client)\n'
  },
  {
    name: 'a client that was told HAVE is told DONT_HAVE',
    breaks: ['have'],
    file: 'engine/exhaustion.ts',
    find: 'if (!want.haveSent && !want.dontHaveSent) {',
    replace: 'if (!want.dontHaveSent) {'
  },
  {
    name: 'any answer counts as DONT_HAVE',
    breaks: ['dont-have'],
    file: 'engine/certainty.ts',
    find: "(isAskable(member) && answerOf(fetch, member)?.what === 'dont-have')",
    replace: '(member.connected && answerOf(fetch, member) != null)'
  },
  {
    name: 'a DONT_HAVE does not wait for members that are down',
    breaks: ['dont-have'],
    file: 'engine/certainty.ts',
    find: '} else if (member.connected || member.draining || !member.forgotten) {',
    replace: '} else if (member.connected) {'
  },
  {
    name: 'each client is answered with the CID that the first one used',
    breaks: ['address', 'copies', 'lost'],
    file: 'engine/answers.ts',
    find: 'sendBlock(state, want.client, want.cid, bytes, reserved)',
    replace: 'sendBlock(state, want.client, fetch.cid, bytes, reserved)'
  },
  {
    name: 'a block that fills a message is sent again in the next',
    breaks: ['copies', 'address'],
    file: 'engine/replies.ts',
    find: '      this.#head++\n',
    replace: '      this.#head += length >= maxBytes ? 0 : 1\n'
  },
  {
    name: 'a client that does not read gets a copy all the same',
    breaks: ['memory'],
    file: 'engine/deliveries.ts',
    find: '(unsent > 0 && !reserved && unsent + more > unsentPerClient)',
    replace: '(unsent > 0 && !reserved && more > unsentPerClient)'
  },
  {
    name: 'the limit of unsent bytes for all clients is ignored',
    breaks: ['memory'],
    file: 'engine/deliveries.ts',
    find: ' || (state.unsent > 0 && state.unsent + more > state.limits.unsent)',
    replace: ''
  },
  {
    name: 'unsent bytes of a client that left stay counted',
    breaks: ['gone', 'lost', 'idle'],
    file: 'engine/deliveries.ts',
    find: '  freeMemory(state, client.replies.bytes)\n',
    replace: ''
  },
  {
    name: 'a fetch outlives its last want',
    breaks: ['gone', 'dont-have', 'state'],
    file: 'engine/fetches.ts',
    find: '    state.fetches.all.delete(fetchName(fetch.key, fetch.strict))\n',
    replace: '    if (fetch.exhaustions === 0) state.fetches.all.delete(fetchName(fetch.key, fetch.strict))\n'
  },
  {
    name: 'wants expire late',
    breaks: ['lifetime'],
    file: 'engine/want.ts',
    find: 'now, now + state.limits.wantLifetime)',
    replace: 'now, now + state.limits.wantLifetime + 5000)'
  },
  {
    name: 'a renewed want keeps its place in the order of expiry',
    breaks: ['lifetime'],
    file: 'engine/wants.ts',
    find: '  client.wants.delete(want)\n  client.wants.add(want)\n',
    replace: ''
  },
  {
    name: 'asking again does not extend the life of a want',
    breaks: ['lost', 'lifetime', 'ends'],
    file: 'engine/wants.ts',
    find: '  want.expires = state.now() + state.limits.wantLifetime\n  // it is now the last to expire',
    replace: '  // it is now the last to expire'
  },
  {
    name: 'wants are evicted before the list is full',
    breaks: ['eviction'],
    file: 'engine/wantlists.ts',
    find: 'client.wants.size >= state.limits.wantsPerClient',
    replace: 'client.wants.size >= state.limits.wantsPerClient - 1'
  },
  {
    name: 'a list that is too long keeps its lowest priorities',
    breaks: ['lost', 'eviction', 'gone'],
    file: 'engine/wantlist-entries.ts',
    find: '.sort()[wants.length - most]',
    replace: '.sort()[most - 1]'
  },
  {
    name: 'a list that is sent as a whole ends nothing',
    breaks: ['gone', 'address', 'lifetime', 'eviction'],
    file: 'engine/wantlists.ts',
    find: '    if (!named.has(want)) {',
    replace: '    if (false) {'
  },
  {
    name: 'the siblings behind a want that ended are lost',
    breaks: ['gone', 'lost', 'address', 'lifetime', 'state'],
    file: 'engine/clients.ts',
    find: '        at.sibling = want.sibling\n',
    replace: '        at.sibling = undefined\n'
  },
  {
    name: 'a client that asks again after a DONT_HAVE is not answered',
    breaks: ['dont-have'],
    file: 'engine/wants.ts',
    find: '  want.dontHaveSent = false\n',
    replace: ''
  },
  {
    name: 'a presence outlives its want',
    breaks: ['address', 'dont-have', 'ends'],
    file: 'engine/want-ends.ts',
    find: '  retract(state, want) // a client that asks for the same want again is answered again\n',
    replace: ''
  },
  {
    name: 'a block that is no longer wanted throws',
    breaks: ['crash'],
    file: 'engine/answers.ts',
    find: '  if (fetch == null && strict == null) {\n    return\n',
    replace: '  if (fetch == null && strict == null) {\n    throw new Error("no fetch")\n'
  },
  {
    name: 'a drain admits new clients',
    breaks: ['drain'],
    file: 'engine/engine.ts',
    find: '  if (state.draining) {',
    replace: '  if (state.draining && id === "") {'
  },
  {
    name: 'a client that does not read is cut off at once',
    breaks: ['drain'],
    file: 'engine/timeouts.ts',
    find: 'now - client.readAt < state.limits.unreadTimeout',
    replace: 'now - client.readAt < 500'
  },
  {
    name: 'what a client wants least is asked for first',
    breaks: ['order'],
    file: 'engine/wantlist-entries.ts',
    find: '.sort((a, b) => b.priority - a.priority)',
    replace: '.sort((a, b) => a.priority - b.priority)'
  },
  {
    name: 'a want that is gone with its client is told of twice',
    breaks: ['ends'],
    file: 'engine/want-ends.ts',
    find: '): void {\n  reportEnd(state, want, why, how)\n',
    replace: '): void {\n  reportEnd(state, want, why, how)\n  if (why === "gone") reportEnd(state, want, why, how)\n'
  },
  {
    name: 'a suspended want that ends is not told of',
    breaks: ['ends'],
    file: 'engine/suspended-wants.ts',
    find: '    client.suspended.delete(id)\n    reportEnd(state, want, why, how)\n',
    replace: '    client.suspended.delete(id)\n'
  },
  {
    name: 'a want that is evicted is told to have been cancelled',
    breaks: ['ends'],
    file: 'engine/wantlists.ts',
    find: "    endWant(state, least, 'evicted')\n",
    replace: "    endWant(state, least, 'cancelled')\n"
  },
  {
    name: 'a HAVE that a client got does not count when its want ends',
    breaks: ['ends'],
    file: 'engine/want-ends.ts',
    find: '  } else if (haveSent) {',
    replace: "  } else if (why === 'expired' && haveSent) {"
  },
  {
    name: 'a want that is renewed is told to have begun then',
    breaks: ['ends'],
    file: 'engine/wants.ts',
    find: '  want.connection = connection\n  want.priority',
    replace: '  want.askedAt = state.now()\n  want.connection = connection\n  want.priority'
  },
  {
    name: 'a fetch that owes no waiter anything is looked for again',
    breaks: ['state', 'drain'],
    file: 'engine/fetches.ts',
    find: '  if (!owes(fetch)) {\n    toSatisfied(state, fetch)\n',
    replace: '  if (!owes(fetch) && fetch.first == null) {\n    toSatisfied(state, fetch)\n'
  }
]
