import { LawBrokenError } from './errors.ts'

/**
 * What may never happen, whatever members and peers do. Each name stands in the
 * report of a history that broke it.
 */
export const LAWS = {
  lost: 'a want lives until it is served, taken back, evicted beyond a stated limit or expired; what a truthful member holds is served in time',
  promise: 'a HAVE is said only of what a member said that it has, and is never taken back',
  denial: 'a DONT_HAVE leaves only while every configured member is certain, to who asked for it, once; and then it does leave',
  address: 'blocks and presences go only to who asked, in the CID it used',
  copies: 'a want is answered with one copy of its block',
  windows: 'members have no more wants and expected bytes open, and peers no more bytes unsent, than their windows hold',
  fairness: 'peers that want as much are served as much, and one that wants more than all does not delay another',
  gone: 'what a peer caused is gone when the want ends or the peer leaves',
  lifetime: 'a want that nobody renews ends after its lifetime',
  eviction: 'wants are evicted only beyond the limit',
  attempts: 'a member is asked once at a time for a block, only while it is up, and each attempt is observed exactly once',
  deadline: 'a deadline that was met leads to a later one, and who has nothing to do is not woken',
  flushes: 'nothing is flushed twice without a reason',
  drain: 'a router that drains takes no new peers, and who is served and reads is not cut off',
  replay: 'a recording of all that went in and came out replays to the same decisions and the same state',
  state: 'what the engine knows does not contradict itself: sums, states, links, and nothing that is gone',
  crash: 'no input throws'
} as const

export type Law = keyof typeof LAWS

/** @throws {LawBrokenError} */
export function broken (law: Law, message: string): never {
  throw new LawBrokenError(law, message)
}
