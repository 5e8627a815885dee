/**
 * How a want is refused:
 *
 * - `silent`: nothing is said, and the client may ask others, and us again; over HTTP it gets 429, too many requests;
 * - `unknown`: the same, but because the policy cannot decide now; over HTTP it gets 503, to come back later;
 * - `absent`: DONT_HAVE, if the client asked to be told and had no HAVE. boxo asks no more after that;
 * - `close`: the connections of the client are closed.
 */
export type Refusal = 'silent' | 'unknown' | 'absent' | 'close'

/** All that can be said in a word. */
export const VERDICTS: ReadonlySet<unknown> = new Set<'pass' | Refusal>(['pass', 'silent', 'unknown', 'absent', 'close'])

/** All of those that keep a want out. */
export const REFUSALS: ReadonlySet<unknown> = new Set<Refusal>(['silent', 'unknown', 'absent', 'close'])
