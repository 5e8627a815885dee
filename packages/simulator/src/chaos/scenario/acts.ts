/** Events of members, the clock and the process in a hostile run. */
export type WorldAct = 'down' | 'up' | 'capacity' | 'faults' | 'gain' | 'lose' | 'unsolicited' | 'load' | 'drain' | 'jump' | 'stall' | 'pass' | MembershipAct

/** What is done with members while the router runs; `depart`: drains one, and removes it when nothing is open at it. */
export type MembershipAct = 'join' | 'remove' | 'depart' | 'drainMember' | 'resumeMember' | 'reweigh'

/**
 * What a client does unprompted:
 *
 * - `want`, `cancel`; `mixed`: both in one message, maybe of one CID;
 * - `full`: sends a full list; `huge`: many more wants than allowed;
 * - `again`: asks again for blocks that it wants or had; `upgrade`: wants the block of a want-have;
 * - `leave`: leaves, and maybe comes back; `odd`: sends malformed CIDs, or CIDs that need no member;
 * - `pace`: reads faster or slower; `lose`: loses messages to it;
 * - `connection`: one of its two connections falls silent, is heard again or is lost.
 */
export type ClientAct = 'want' | 'cancel' | 'mixed' | 'full' | 'huge' | 'again' | 'upgrade' | 'leave' | 'odd' | 'pace' | 'lose' | 'connection'

/**
 * How a member answers one want:
 *
 * - `honest`, `slow`: with the truth, soon or late;
 * - `silent`: not before the faults end; `forgetful`: never, as kubo drops wants;
 * - `failing`, `ignorant`: with `failed` or `unknown`;
 * - `boasting`: with a HAVE, then a DONT_HAVE; `premature`: with a DONT_HAVE, then the truth;
 * - `corrupt`: with bytes of another block, or of no block;
 * - `twice`: with the truth, twice;
 * - `astray`: with an answer about another block.
 */
export type FaultMode = 'honest' | 'slow' | 'silent' | 'forgetful' | 'failing' | 'ignorant' | 'boasting' | 'premature' | 'corrupt' | 'twice' | 'astray'

/** No fault mode has any weight. A member for which none is drawn is honest. */
export const NO_FAULT: Readonly<Record<FaultMode, number>> = { honest: 0, slow: 0, silent: 0, forgetful: 0, failing: 0, ignorant: 0, boasting: 0, premature: 0, corrupt: 0, twice: 0, astray: 0 }
