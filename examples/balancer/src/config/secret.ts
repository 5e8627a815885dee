import { inspect } from 'node:util'

/** Shown instead of a secret. */
export const MASK = '***'

/**
 * A value that only {@link Secret.reveal} shows: JSON, template strings and the
 * console show a mask, so log lines need not hide it.
 */
export interface Secret {
  reveal (): string
  toJSON (): string
  toString (): string
}

/** Wraps a credential. */
export function createSecret (value: string): Secret {
  return Object.freeze({
    reveal: () => value,
    toJSON: () => MASK,
    toString: () => MASK,
    [inspect.custom]: () => MASK
  })
}

/** Masks the `user:password@` of every URL in a text. */
export function redact (text: string): string {
  // greedy up to the last @ before a path: a password may contain an @ that is
  // not percent-encoded
  return text.replace(/\/\/[^/\s]*@/g, `//${MASK}@`)
}
