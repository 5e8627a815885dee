import type { Plant } from '../../src/chaos/plant.ts'

/** Faults of the engine that each break one law. Each stands where somebody might make it. */
export const PLANTED_BUGS: readonly Plant[] = [
  {
    name: 'a peer that loses its copy loses its want',
    laws: ['lost'],
    file: 'engine/answering.ts',
    find: 'if (deliver(state, want.owner, want.cid, bytes, reserved)) {',
    replace: 'if (deliver(state, want.owner, want.cid, bytes, reserved) || true) {'
  },
  {
    name: 'the silence of a member that cannot deny ends the search',
    laws: ['lost', 'denial'],
    file: 'engine/ticking.ts',
    find: "    route.note(member, 'unknown', state.now())\n",
    replace: "    route.note(member, 'unknown', state.now())\n    return\n"
  },
  {
    name: 'a peer is not always woken for what it can take',
    laws: ['lost', 'denial', 'fairness'],
    file: 'engine/saying.ts',
    find: '  state.readyPeers.add(peer)\n',
    replace: '  if (state.now() % 7 > 0) state.readyPeers.add(peer)\n'
  },
  {
    name: 'a HAVE is forgotten when all lack',
    laws: ['promise'],
    file: 'engine/answering.ts',
    find: 'if (!want.promised && !want.denied) {',
    replace: 'if (!want.denied) {'
  },
  {
    name: 'any answer counts as a lack',
    laws: ['denial'],
    file: 'engine/certainty.ts',
    find: "(member.connected && route.saidBy(member) === 'lack')",
    replace: '(member.connected && route.saidBy(member) != null)'
  },
  {
    name: 'members that are down have no say',
    laws: ['denial'],
    file: 'engine/certainty.ts',
    find: '} else if (member.connected || !member.forgotten) {',
    replace: '} else if (member.connected) {'
  },
  {
    name: 'what a member said outlives its connection',
    laws: ['denial', 'lost'],
    file: 'engine/engine.ts',
    find: '  member.epoch++\n',
    replace: ''
  },
  {
    name: 'everybody is answered in the words of the first',
    laws: ['address', 'copies', 'lost'],
    file: 'engine/answering.ts',
    find: 'deliver(state, want.owner, want.cid, bytes, reserved)',
    replace: 'deliver(state, want.owner, route.cid, bytes, reserved)'
  },
  {
    name: 'a block that fills a message is sent again in the next',
    laws: ['copies', 'address'],
    file: 'engine/replies.ts',
    find: '      head++\n',
    replace: '      head += length >= maxBytes ? 0 : 1\n'
  },
  {
    name: 'one want too many is open at a member',
    laws: ['windows'],
    file: 'engine/members.ts',
    find: 'load.wants < capacity.wants &&',
    replace: 'load.wants <= capacity.wants &&'
  },
  {
    name: 'what a member lacks stays listed without end',
    laws: ['windows'],
    file: 'engine/asking.ts',
    find: 'if (member.listed.size > member.capacity.listed) {',
    replace: 'if (member.listed.size > 2 * member.capacity.listed) {'
  },
  {
    name: 'a peer that does not read gets a copy all the same',
    laws: ['windows'],
    file: 'engine/saying.ts',
    find: '(unsent > 0 && !reserved && unsent + more > unsentPerPeer)',
    replace: '(unsent > 0 && !reserved && more > unsentPerPeer)'
  },
  {
    name: 'who has begun goes on',
    laws: ['fairness'],
    file: 'engine/turns.ts',
    find: '    state.turns.delete(peer)\n',
    replace: '    if (peer.queue.size === 0 || !admissible(state, peer)) state.turns.delete(peer)\n'
  },
  {
    name: 'what was unsent of a peer that left stays counted',
    laws: ['gone'],
    file: 'engine/engine.ts',
    find: '      state.unsent -= peer.replies.bytes\n',
    replace: ''
  },
  {
    name: 'a route outlives its last want',
    laws: ['gone'],
    file: 'engine/asking.ts',
    find: '  state.routes.delete(route.key)\n',
    replace: '  if (route.rests === 0) state.routes.delete(route.key)\n'
  },
  {
    name: 'wants expire late',
    laws: ['lifetime'],
    file: 'engine/ticking.ts',
    find: 'if (want.expires > now) {',
    replace: 'if (want.expires > now - 5000) {'
  },
  {
    name: 'a full list is emptied before it is full',
    laws: ['eviction'],
    file: 'engine/wanting.ts',
    find: 'peer.entries.size >= state.limits.wantsPerPeer',
    replace: 'peer.entries.size >= state.limits.wantsPerPeer - 1'
  },
  {
    name: 'a cancelled attempt is observed by nobody',
    laws: ['attempts'],
    file: 'engine/attempts.ts',
    find: '  state.strategy.observe?.({',
    replace: "  result !== 'cancelled' && state.strategy.observe?.({"
  },
  {
    name: 'the time of the last sweep is not kept',
    laws: ['deadline'],
    file: 'engine/ticking.ts',
    find: '    state.lastSweep = now\n',
    replace: ''
  },
  {
    name: 'an engine with nothing to do wants to be woken',
    laws: ['deadline'],
    file: 'engine/engine.ts',
    find: 'let busy = state.routes.size > 0',
    replace: 'let busy = true'
  },
  {
    name: 'a flush leaves the engine dirty',
    laws: ['flushes'],
    file: 'engine/engine.ts',
    find: '      dirty = false\n',
    replace: ''
  },
  {
    name: 'a drain admits new peers',
    laws: ['drain'],
    file: 'engine/engine.ts',
    find: '        if (state.draining) {',
    replace: '        if (state.draining && id === "") {'
  },
  {
    name: 'a block that nobody wants any more throws',
    laws: ['crash'],
    file: 'engine/answering.ts',
    find: '  if (route == null) {\n    return\n  }\n  if (isOwed(route, member) ||',
    replace: '  if (route == null) {\n    throw new Error("no route")\n  }\n  if (isOwed(route, member) ||'
  },
  {
    name: 'the network is woken from inside a flush',
    laws: ['crash'],
    file: 'driver/driver.ts',
    find: "      ready: peer => { this.#decided.push({ t: 'ready', peer }) },\n",
    replace: '      ready: peer => { upstream.wake(peer) },\n'
  },
  {
    name: 'the engine has a chance of its own',
    laws: ['replay'],
    file: 'engine/state.ts',
    find: 'const priority = state.nextPriority\n',
    replace: 'const priority = Math.max(1, state.nextPriority - Math.floor(2 * Math.random()))\n'
  },
  {
    name: 'a HAVE is ignored that comes while another member is asked',
    laws: ['denial'],
    file: 'engine/answering.ts',
    find: "if (asked ? route.asked === 'block' : route.saidBy(member) == null) {",
    replace: "if (asked ? route.asked === 'block' : route.member != null || route.saidBy(member) == null) {"
  },
  {
    name: 'who asks again after a DONT_HAVE is not answered again',
    laws: ['denial'],
    file: 'engine/wanting.ts',
    find: '  want.denied = false\n',
    replace: ''
  },
  {
    name: 'a presence outlives its want',
    laws: ['address', 'denial'],
    file: 'engine/answering.ts',
    find: '  withdraw(state, want) // the same want asked anew is answered anew\n',
    replace: ''
  },
  {
    name: 'a list that is too long keeps what weighs least',
    laws: ['lost', 'eviction'],
    file: 'engine/ledger.ts',
    find: '.sort((a, b) => b - a)',
    replace: '.sort((a, b) => a - b)'
  },
  {
    name: 'what is expected in all is never taken off',
    laws: ['lost', 'denial'],
    file: 'engine/attempts.ts',
    find: '  state.inFlight += change',
    replace: '  state.inFlight += Math.max(0, change)'
  },
  {
    name: 'more waits for all peers than may',
    laws: ['windows'],
    file: 'engine/saying.ts',
    find: ' || (state.unsent > 0 && state.unsent + more > state.limits.unsent)',
    replace: ''
  },
  {
    name: 'who does not read is cut off at once',
    laws: ['drain'],
    file: 'engine/ticking.ts',
    find: 'now - peer.readAt >= state.limits.unreadTimeout',
    replace: 'now - peer.readAt >= 500'
  },
  {
    name: 'a want that passes to another peer stays on the account of the first',
    laws: ['state'],
    file: 'engine/attempts.ts',
    find: '    countOpen(route.payer, route.member, -1)\n',
    replace: ''
  },
  {
    name: 'an attempt that ends leaves the stalled bytes of its peer',
    laws: ['state'],
    file: 'engine/attempts.ts',
    find: '  if (member.stalled) {\n    payer.stalled += bytes\n  }',
    replace: '  if (member.stalled && bytes > 0) {\n    payer.stalled += bytes\n  }'
  }
]
