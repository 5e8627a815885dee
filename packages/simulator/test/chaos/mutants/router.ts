import type { Mutant } from '../../../src/chaos/mutant.ts'

/** Bugs around the engines: two directions, calls within the process, and several policies. */
export const ROUTER_MUTANTS: readonly Mutant[] = [
  {
    name: 'a node is asked for what other nodes want',
    breaks: ['crossing'],
    file: 'reverse/connected-clients.ts',
    find: '(all || this.#registered.has(peer)) && !isNode(peer) && ',
    replace: '(all || this.#registered.has(peer)) && '
  },
  {
    name: 'a client that is not to be asked any more keeps what it was asked for',
    breaks: ['crossing'],
    file: 'reverse/connected-clients.ts',
    find: '      this.#parting.add(peer)\n',
    replace: ''
  },
  {
    name: 'with one host what nodes want is asked of nodes',
    breaks: ['crossing'],
    file: 'router-networks.ts',
    find: 'createClientExchange(driver, peer => !isNode(peer))',
    replace: 'createClientExchange(driver)'
  },
  {
    name: 'a call that is given up is still wanted',
    breaks: ['gone', 'local'],
    file: 'local/session.ts',
    find: 'if (pending?.waiters.delete(waiter) === true && pending.waiters.size === 0) {',
    replace: 'if (pending?.waiters.delete(waiter) === true && pending.waiters.size < 0) {'
  },
  {
    name: 'a call that is given up takes back what others wait for',
    breaks: ['local'],
    file: 'local/session.ts',
    find: 'if (pending?.waiters.delete(waiter) === true && pending.waiters.size === 0) {',
    replace: 'if (pending?.waiters.delete(waiter) === true) {'
  },
  {
    name: 'a call that waits for a want-have is not told when it becomes a want for the block',
    breaks: ['local'],
    file: 'local/session-message.ts',
    find: '      this.#add(entryOf(want, false))\n',
    replace: ''
  },
  {
    name: 'a call that is given up before its want was sent waits for the end of that',
    breaks: ['local'],
    file: 'local/session.ts',
    find: '      return // the engine does not know the want, and will report no end\n',
    replace: ''
  },
  {
    name: 'only the first policy is asked',
    breaks: ['verdicts', 'admission'],
    file: 'driver/verdicts.ts',
    find: 'while (one.at < this.#policies.length) {',
    replace: 'while (one.at < 1) {'
  },
  {
    name: 'a policy gives back members that one before it has taken away',
    breaks: ['verdicts'],
    file: 'driver/asks.ts',
    find: 'one.only = one.only == null ? only : one.only.filter(id => only.includes(id))',
    replace: 'one.only = only'
  },
  {
    name: 'a router that drains is never quiet',
    breaks: ['drain'],
    file: 'driver/quiet.ts',
    find: 'if (active > 0 || unsent > 0) {',
    replace: 'if (active >= 0 || unsent > 0) {'
  },
  {
    name: 'a router that drains says minutes later that it is quiet',
    breaks: ['drain'],
    file: 'driver/quiet.ts',
    find: 'timers.now() - quietSince >= quiet',
    replace: 'timers.now() - quietSince >= quiet + 200_000'
  },
  {
    name: 'a node that was lost is dialled again minutes later',
    breaks: ['lost', 'local'],
    file: 'targets/peer-target.ts',
    find: 'await pause(Math.min(maxDelay, minDelay * 2 ** failures) * (1 - random() / 2), ',
    replace: 'await pause(200_000, '
  },
  {
    name: 'a router that drains lets newcomers in',
    breaks: ['drain'],
    file: 'engine/engine.ts',
    find: '  if (state.draining) {\n    state.outbox.closing.set(',
    replace: '  if (state.draining && state.clients.size > 99) {\n    state.outbox.closing.set('
  }
]
