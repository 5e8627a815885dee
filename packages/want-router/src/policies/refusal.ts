/**
 * How a want is kept out:
 *
 * - `silent`: nothing is said, and the client may ask others, and us again;
 * - `absent`: DONT_HAVE, if the client asked to be told and had no HAVE. boxo asks no more after that;
 * - `close`: the connections of the client are closed.
 */
export type Refusal = 'silent' | 'absent' | 'close'
