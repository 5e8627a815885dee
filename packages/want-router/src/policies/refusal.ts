/**
 * How a want is refused:
 *
 * - `silent`: the client gets no answer, and may ask others, and us again; over HTTP it gets 429, too many requests;
 * - `unknown`: the same, because the policy cannot decide now; over HTTP it gets 503, so that it comes back later;
 * - `absent`: DONT_HAVE, if the client asked for it and got no HAVE. boxo does not ask again after that;
 * - `close`: the connections of the client are closed.
 */
export type Refusal = 'silent' | 'unknown' | 'absent' | 'close'

/** All verdicts that are one word. */
export const VERDICTS: ReadonlySet<unknown> = new Set<'pass' | Refusal>(['pass', 'silent', 'unknown', 'absent', 'close'])

/** All of these that refuse a want. */
export const REFUSALS: ReadonlySet<unknown> = new Set<Refusal>(['silent', 'unknown', 'absent', 'close'])
