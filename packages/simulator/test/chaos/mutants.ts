import type { Mutant } from '../../src/chaos/mutant.ts'

/**
 * Bugs of the router that each break one rule. Each stands where somebody might
 * make it. The seeds that catch them are in `mutant-seeds.json`.
 */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a client that loses its copy loses its want',
    breaks: ['lost'],
    file: 'engine/answering.ts',
    find: 'if (deliver(state, want.owner, want.cid, bytes, reserved)) {',
    replace: 'if (deliver(state, want.owner, want.cid, bytes, reserved) || true) {'
  },
  {
    name: 'the silence of a member that cannot say DONT_HAVE ends the search',
    breaks: ['lost', 'denial', 'idle'],
    file: 'engine/ticking.ts',
    find: "    route.note(member, 'unknown', state.now())\n",
    replace: "    route.note(member, 'unknown', state.now())\n    return\n"
  },
  {
    name: 'a client is not always told that there is something to take',
    breaks: ['lost', 'denial', 'fairness'],
    file: 'engine/saying.ts',
    find: '  state.readyPeers.add(peer)\n',
    replace: '  if (state.now() % 7 > 0) state.readyPeers.add(peer)\n'
  },
  {
    name: 'a client that was told HAVE is told DONT_HAVE',
    breaks: ['promise'],
    file: 'engine/answering.ts',
    find: 'if (!want.promised && !want.denied) {',
    replace: 'if (!want.denied) {'
  },
  {
    name: 'any answer counts as DONT_HAVE',
    breaks: ['denial'],
    file: 'engine/certainty.ts',
    find: "(member.connected && route.saidBy(member) === 'lack')",
    replace: '(member.connected && route.saidBy(member) != null)'
  },
  {
    name: 'a DONT_HAVE does not wait for members that are down',
    breaks: ['denial'],
    file: 'engine/certainty.ts',
    find: '} else if (member.connected || !member.forgotten) {',
    replace: '} else if (member.connected) {'
  },
  {
    name: 'what a member said outlives its connection',
    breaks: ['choice', 'denial', 'lost', 'idle'],
    file: 'engine/engine.ts',
    find: '  member.epoch++\n',
    replace: ''
  },
  {
    name: 'each client is answered with the CID that the first one used',
    breaks: ['address', 'copies', 'lost'],
    file: 'engine/answering.ts',
    find: 'deliver(state, want.owner, want.cid, bytes, reserved)',
    replace: 'deliver(state, want.owner, route.cid, bytes, reserved)'
  },
  {
    name: 'a block that fills a message is sent again in the next',
    breaks: ['copies', 'address'],
    file: 'engine/replies.ts',
    find: '      head++\n',
    replace: '      head += length >= maxBytes ? 0 : 1\n'
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
    file: 'engine/asking.ts',
    find: 'if (member.listed.size > member.capacity.listed) {',
    replace: 'if (member.listed.size > 2 * member.capacity.listed) {'
  },
  {
    name: 'a client that does not read gets a copy all the same',
    breaks: ['memory'],
    file: 'engine/saying.ts',
    find: '(unsent > 0 && !reserved && unsent + more > unsentPerPeer)',
    replace: '(unsent > 0 && !reserved && more > unsentPerPeer)'
  },
  {
    name: 'a client keeps asking when its round is over',
    breaks: ['fairness', 'idle'],
    file: 'engine/turns.ts',
    find: '    state.turns.delete(peer)\n',
    replace: '    if (peer.queue.size === 0 || !admissible(state, peer)) state.turns.delete(peer)\n'
  },
  {
    name: 'unsent bytes of a client that left stay counted',
    breaks: ['gone'],
    file: 'engine/engine.ts',
    find: '      state.unsent -= peer.replies.bytes\n',
    replace: ''
  },
  {
    name: 'a fetch outlives its last want',
    breaks: ['gone'],
    file: 'engine/asking.ts',
    find: '  state.routes.delete(route.key)\n',
    replace: '  if (route.rests === 0) state.routes.delete(route.key)\n'
  },
  {
    name: 'wants expire late',
    breaks: ['lifetime'],
    file: 'engine/ticking.ts',
    find: 'if (want.expires > now) {',
    replace: 'if (want.expires > now - 5000) {'
  },
  {
    name: 'wants are evicted before the list is full',
    breaks: ['eviction'],
    file: 'engine/wanting.ts',
    find: 'peer.entries.size >= state.limits.wantsPerPeer',
    replace: 'peer.entries.size >= state.limits.wantsPerPeer - 1'
  },
  {
    name: 'a cancelled attempt is not observed',
    breaks: ['attempts', 'shares'],
    file: 'engine/attempts.ts',
    find: '  state.strategy.observe?.({',
    replace: "  result !== 'cancelled' && state.strategy.observe?.({"
  },
  {
    name: 'the time of the last sweep is not kept',
    breaks: ['deadline'],
    file: 'engine/ticking.ts',
    find: '    state.lastSweep = now\n',
    replace: ''
  },
  {
    name: 'an engine with nothing to do wants to be woken',
    breaks: ['deadline'],
    file: 'engine/engine.ts',
    find: 'let busy = state.routes.size > 0',
    replace: 'let busy = true'
  },
  {
    name: 'a flush leaves the engine dirty',
    breaks: ['flushes'],
    file: 'engine/engine.ts',
    find: '      dirty = false\n',
    replace: ''
  },
  {
    name: 'a drain admits new clients',
    breaks: ['drain'],
    file: 'engine/engine.ts',
    find: '        if (state.draining) {',
    replace: '        if (state.draining && id === "") {'
  },
  {
    name: 'a block that is no longer wanted throws',
    breaks: ['crash'],
    file: 'engine/answering.ts',
    find: '  if (route == null) {\n    return\n  }\n  if (isOwed(route, member) ||',
    replace: '  if (route == null) {\n    throw new Error("no route")\n  }\n  if (isOwed(route, member) ||'
  },
  {
    name: 'the network is woken from inside a flush',
    breaks: ['crash'],
    file: 'driver/driver.ts',
    find: "      ready: peer => { this.#decided.push({ t: 'ready', peer }) },\n",
    replace: '      ready: peer => { upstream.wake(peer) },\n'
  },
  {
    name: 'the engine draws random numbers of its own',
    breaks: ['replay'],
    file: 'engine/state.ts',
    find: 'const priority = state.nextPriority\n',
    replace: 'const priority = Math.max(1, state.nextPriority - Math.floor(2 * Math.random()))\n'
  },
  {
    name: 'a HAVE that comes while another member is asked is ignored',
    breaks: ['denial'],
    file: 'engine/answering.ts',
    find: "if (asked ? route.asked === 'block' : route.saidBy(member) == null) {",
    replace: "if (asked ? route.asked === 'block' : route.member != null || route.saidBy(member) == null) {"
  },
  {
    name: 'a client that asks again after a DONT_HAVE is not answered',
    breaks: ['denial'],
    file: 'engine/wanting.ts',
    find: '  want.denied = false\n',
    replace: ''
  },
  {
    name: 'a presence outlives its want',
    breaks: ['address', 'denial'],
    file: 'engine/answering.ts',
    find: '  withdraw(state, want) // the same want asked anew is answered anew\n',
    replace: ''
  },
  {
    name: 'a list that is too long keeps its lowest priorities',
    breaks: ['lost', 'eviction', 'gone'],
    file: 'engine/ledger.ts',
    find: '.sort((a, b) => b - a)',
    replace: '.sort((a, b) => a - b)'
  },
  {
    name: 'the expected bytes of all members only grow',
    breaks: ['idle', 'lost', 'denial'],
    file: 'engine/attempts.ts',
    find: '  state.inFlight += change',
    replace: '  state.inFlight += Math.max(0, change)'
  },
  {
    name: 'the limit of unsent bytes for all clients is ignored',
    breaks: ['memory'],
    file: 'engine/saying.ts',
    find: ' || (state.unsent > 0 && state.unsent + more > state.limits.unsent)',
    replace: ''
  },
  {
    name: 'a client that does not read is cut off at once',
    breaks: ['drain'],
    file: 'engine/ticking.ts',
    find: 'now - peer.readAt >= state.limits.unreadTimeout',
    replace: 'now - peer.readAt >= 500'
  },
  {
    name: 'an attempt that passes to another client stays charged to the first',
    breaks: ['state'],
    file: 'engine/attempts.ts',
    find: '    countOpen(route.payer, route.member, -1)\n',
    replace: ''
  },
  {
    name: 'an attempt that ends leaves its stalled bytes with its client',
    breaks: ['state'],
    file: 'engine/attempts.ts',
    find: '  if (member.stalled) {\n    payer.stalled += bytes\n  }',
    replace: '  if (member.stalled && bytes > 0) {\n    payer.stalled += bytes\n  }'
  },
  {
    name: 'a DONT_HAVE counts as a try',
    breaks: ['denial', 'lost'],
    file: 'engine/answering.ts',
    find: '  if (!speculative) {\n    goOn(state, route)\n  }\n',
    replace: '  if (!speculative) {\n    if (++route.attempt >= state.limits.tries) rest(state, route)\n    else goOn(state, route)\n  }\n'
  },
  {
    name: 'a list that is sent as a whole ends nothing',
    breaks: ['gone', 'address', 'lifetime', 'eviction'],
    file: 'engine/wanting.ts',
    find: '    if (!named.has(want)) {',
    replace: '    if (false) {'
  },
  {
    name: 'the siblings behind a want that ended are lost',
    breaks: ['gone', 'lost', 'address', 'lifetime'],
    file: 'engine/ledger.ts',
    find: '        at.sibling = want.sibling\n',
    replace: '        at.sibling = undefined\n'
  },
  {
    name: 'a renewed want keeps its place in the order of expiry',
    breaks: ['lifetime'],
    file: 'engine/wanting.ts',
    find: '  touchWant(want)\n',
    replace: ''
  },
  {
    name: 'asking again does not extend the life of a want',
    breaks: ['lost', 'lifetime'],
    file: 'engine/wanting.ts',
    find: '  want.expires = state.now() + state.limits.wantLifetime\n  touchWant',
    replace: '  touchWant'
  },
  {
    name: 'standing wants outlive the connection of their member',
    breaks: ['windows', 'attempts'],
    file: 'engine/engine.ts',
    find: '  member.listed.clear()\n',
    replace: ''
  },
  {
    name: 'the time of a hedge is never set',
    breaks: ['deadline'],
    file: 'engine/hedging.ts',
    find: '      route.hedgedAt = state.now()\n',
    replace: ''
  },
  {
    name: 'a member without standing wants is not told that a want timed out',
    breaks: ['windows'],
    file: 'engine/ticking.ts',
    find: '  if (member.capacity.listed === 0) {\n    tellCancel(state, member, route)\n  }\n',
    replace: ''
  },
  {
    name: 'a member is asked for what only it wants itself',
    breaks: ['loops'],
    file: 'engine/candidates.ts',
    find: '|| isLone(state, fetch, member)) {\n      continue',
    replace: ') {\n      continue'
  },
  {
    name: 'ejected members are asked as those that are well',
    breaks: ['choice'],
    file: 'engine/candidates.ts',
    find: "if (member.state !== 'up' && !panic) {",
    replace: 'if (panic) {'
  },
  {
    name: 'health counts even where most members are ejected',
    breaks: ['choice'],
    file: 'engine/candidates.ts',
    find: 'return memberCounts.healthy < memberCounts.connected * limits.panic',
    replace: 'return false'
  },
  {
    name: 'what a client wants least is asked for first',
    breaks: ['order'],
    file: 'engine/wantlist-entries.ts',
    find: '.sort((a, b) => b.priority - a.priority)',
    replace: '.sort((a, b) => a.priority - b.priority)'
  },
  {
    name: 'members are asked with one priority',
    breaks: ['order'],
    file: 'engine/outbox.ts',
    find: 'priority > 1 ? priority - 1 : MAX_PRIORITY',
    replace: 'MAX_PRIORITY'
  },
  {
    name: 'what waits is not asked of a member that comes up',
    breaks: ['idle', 'lost', 'denial'],
    file: 'engine/member-lifecycle.ts',
    find: '  membersChanged(state, member)\n  wakeExhausted(state, member)\n',
    replace: '  membersChanged(state, member)\n'
  },
  {
    name: 'what is taken wakes nothing',
    breaks: ['flushes', 'idle', 'lost'],
    file: 'driver/driver.ts',
    find: '    if (this.#engine.dirty) {\n      this.#schedule()\n    }\n\n    return message',
    replace: '    return message'
  },
  {
    name: 'an earlier deadline does not move the timer',
    breaks: ['deadline'],
    file: 'driver/deadline-timer.ts',
    find: 'firesAt != null && (firesAt <= deadline || firesAt <= timers.now())',
    replace: 'firesAt != null'
  },
  {
    name: 'a DONT_HAVE does not end a series of failures',
    breaks: ['ejection'],
    file: 'engine/answers.ts',
    find: '    member.totals.dontHaves++\n    member.health.succeeded(state.now())\n',
    replace: '    member.totals.dontHaves++\n'
  },
  {
    name: 'the last member is ejected, too',
    breaks: ['ejection'],
    file: 'engine/member-lifecycle.ts',
    find: "if (member.state !== 'up' || others === 0) {",
    replace: "if (member.state !== 'up') {"
  },
  {
    name: 'each ejection is as long as the first',
    breaks: ['readmission', 'ejection'],
    file: 'engine/health.ts',
    find: 'Math.min(limits.maxEjection, limits.ejection * ejections)',
    replace: 'limits.ejection'
  },
  {
    name: 'what waits is not asked of a member that returns from an ejection',
    breaks: ['readmission', 'idle'],
    file: 'engine/member-lifecycle.ts',
    find: '  if (member.connected) {\n    wakeExhausted(state, member)\n  }\n',
    replace: ''
  },
  {
    name: 'a member that returns from an ejection has all its weight at once',
    breaks: ['weights'],
    file: 'engine/health.ts',
    find: 'Math.max(0.1, (now - returned)',
    replace: 'Math.max(1, (now - returned)'
  },
  {
    name: 'retries are granted whatever the traffic',
    breaks: ['shares'],
    file: 'engine/budgets.ts',
    find: 'const TRICKLE = 10\n',
    replace: 'const TRICKLE = 1000\n'
  },
  {
    name: 'a hedge goes to a member that is ejected',
    breaks: ['shares'],
    file: 'engine/hedges.ts',
    find: "return member.state === 'up' && !member.stalled",
    replace: 'return !member.stalled'
  },
  {
    name: 'silent members are judged before what came is read',
    breaks: ['stall'],
    file: 'stall-grace.ts',
    find: 'if (late > LATE && graces > 0) {',
    replace: 'if (late > LATE && graces > MAX_GRACES) {'
  },
  {
    name: 'members are ranked again and again for each want',
    breaks: ['work'],
    file: 'engine/candidates.ts',
    find: '    for (const { id } of state.strategy.rank(fetch)) {\n',
    replace: '    for (let n = 0; n < 3; n++) { for (const _ of state.strategy.rank(fetch)) { break } }\n    for (const { id } of state.strategy.rank(fetch)) {\n'
  }
]
