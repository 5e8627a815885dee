/**
 * The rules that hold whatever members and clients do. The report of a run that broke
 * one names it.
 */
export const INVARIANTS = {
  lost: 'a want lives until it is served, taken back, evicted beyond a stated limit or expired; a block that an honest member holds is served in time',
  have: 'a HAVE is sent only for a block that a member said it has, and is never taken back',
  'dont-have': 'a DONT_HAVE is sent only while every configured member is certain, to a client that asked for it, once; and then it is sent',
  address: 'blocks and presences go only to clients that asked, by the CID they used',
  copies: 'a want is answered with one copy of its block',
  ends: 'the end of each want is reported once, when the want ends, with the outcome that it had',
  windows: 'members have no more wants and expected bytes open than their windows hold',
  memory: 'no more bytes wait unsent for a client, and for all, than their windows and the limits allow',
  fairness: 'clients that want equally much are served equally, and one that wants much more does not delay another',
  gone: 'nothing of a want or a client is left when it has ended or left',
  lifetime: 'a want that is not renewed ends after its lifetime',
  eviction: 'wants are evicted only beyond the limit',
  admission: 'only admitted wants are asked of members, and only of members that they were admitted for; policies are asked once about a want, and again if it asks for more; a refused want ends once',
  verdicts: 'the engine gets the verdict that the policy gave, and each want that waits gets one in time',
  attempts: 'a member is asked once at a time for a block that can be verified, only while it is up, and each attempt is observed exactly once',
  draining: 'a member that drains is asked nothing new, and the engine reports once when nothing is open at it any more',
  generations: 'the engine ignores what a removed member says, and its members are those that were added and not removed',
  loops: 'a member is not asked for a block that only it wants',
  choice: 'the first member in the order of the strategy that can be asked is asked; an ejected one only if no other is left, or most are ejected',
  order: 'members are asked for the wants of a client in the order of its messages and priorities, and the priorities that they get fall in the order of asking',
  idle: 'no want waits while a member is idle that could be asked for it',
  ejection: 'a member is ejected for failures in a row, for flapping and for unsolicited blocks, for no other reason, and never the last one',
  readmission: 'an ejection ends after its time, which grows with each ejection and shrinks while the member works, and wants that wait for the member are asked of it at once',
  weights: 'a member that returns from an ejection regains its weight during the slow start',
  shares: 'retries and hedges are a share of the traffic; a hedge is a slow want-have that is asked of a second, healthy member',
  work: 'one flush does a bounded amount of work',
  deadline: 'the engine is woken when it wants to be; a deadline that was met leads to a later one, and an engine that has nothing to do is not woken',
  flushes: 'decisions are flushed at the end of the tick, and nothing is flushed twice without a reason',
  stall: 'after the process stood still, no member is judged before its messages have been read',
  drain: 'a router that drains takes no new clients, and a client that is served and reads is not cut off',
  crossing: 'nodes are asked for what clients want, and registered clients for what nodes want; nothing else passes from one side to the other',
  local: 'a call within the process ends once, with its block or with a true error, and nothing is left of it',
  replay: 'a recording of all input and output replays to the same decisions and the same state',
  state: 'the state of the engine does not contradict itself: sums, states and links agree, and nothing refers to what is gone',
  crash: 'no input throws'
} as const

/** The name of an invariant. */
export type Invariant = keyof typeof INVARIANTS
