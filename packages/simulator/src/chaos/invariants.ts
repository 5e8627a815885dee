/**
 * What may never happen, whatever members and clients do. Each name stands in the
 * report of a run that broke it.
 */
export const INVARIANTS = {
  lost: 'a want lives until it is served, taken back, evicted beyond a stated limit or expired; what an honest member holds is served in time',
  have: 'a HAVE is said only of what a member said that it has, and is never taken back',
  'dont-have': 'a DONT_HAVE leaves only while every configured member is certain, to a client that asked for it, once; and then it does leave',
  address: 'blocks and presences go only to clients that asked, by the CID they used',
  copies: 'a want is answered with one copy of its block',
  ends: 'the end of each want is reported once, when the want ends, with the outcome that it had',
  windows: 'members have no more wants and expected bytes open than their windows hold',
  memory: 'no more bytes wait unsent for a client, and for all, than their windows and the limits allow',
  fairness: 'clients that want as much are served as much, and one that wants more than all does not delay another',
  gone: 'what a client caused is gone when the want ends or the client leaves',
  lifetime: 'a want that is not renewed ends after its lifetime',
  eviction: 'wants are evicted only beyond the limit',
  admission: 'a member is asked only for wants that were admitted, and only one that they were admitted for; a want is asked about once and when it asks for more; one that is refused ends once',
  verdicts: 'the engine is told what the policy said, and each want that waits gets its verdict in time',
  attempts: 'a member is asked once at a time for a block that can be verified, only while it is up, and each attempt is observed exactly once',
  draining: 'a member that drains is asked nothing new, and the engine reports once that nothing is open at it any more',
  generations: 'the engine ignores what a removed member says, and its members are those that were added and not removed',
  loops: 'a member is not asked for what only it wants itself',
  choice: 'the first member that can be asked is asked, in the order of the strategy; one that is ejected only where no other is left, or most are',
  order: 'members are asked for what a client wants in the order of its messages and priorities, and the priorities that they get say in which order they were asked',
  idle: 'no want waits while a member is idle that could be asked for it',
  ejection: 'a member is ejected for failures in a row, for flapping and for unsolicited blocks, for no other reason, and never the last one',
  readmission: 'an ejection ends after its time, which grows with each and is paid back, and what waits for the member is asked of it at once',
  weights: 'a member that returns from an ejection regains its weight during the slow start',
  shares: 'retries and hedges are a share of the traffic; a hedge is a want-have that took its time, at a second member that is well',
  work: 'one flush makes a bounded amount of work',
  deadline: 'the engine is woken when it wants to be; a deadline that was met leads to a later one, and an engine that has nothing to do is not woken',
  flushes: 'what a call has decided is flushed at once, and nothing is flushed twice without a reason',
  stall: 'after the process stood still no member is judged before what it sent meanwhile is read',
  drain: 'a router that drains takes no new clients, and a client that is served and reads is not cut off',
  crossing: 'nodes are asked for what clients want, and clients for what nodes want, while they are to be asked; nothing else passes from one side to the other',
  local: 'a call within the process ends once, with its block or with an error that is true, and nothing is left of it',
  replay: 'a recording of all that went in and came out replays to the same decisions and the same state',
  state: 'what the engine knows does not contradict itself: sums, states, links, and nothing that is gone',
  crash: 'no input throws'
} as const

/** The name of an invariant. */
export type Invariant = keyof typeof INVARIANTS
