import { inspect } from 'node:util'

/** What is shown in a secret's place. */
export const MASK = '***'

/**
 * A value that only {@link Secret.reveal} shows: JSON, template strings and
 * the console get a mask. So no log line has to remember to hide it.
 */
export interface Secret {
  reveal (): string
  toJSON (): string
  toString (): string
}

/** Wraps a credential. */
export function secret (value: string): Secret {
  return Object.freeze({
    reveal: () => value,
    toJSON: () => MASK,
    toString: () => MASK,
    [inspect.custom]: () => MASK
  })
}

/** Hides the `user:password@` of every URL in a text that is about to be shown. */
export function redact (text: string): string {
  // greedy up to the last @ before a path: a password may hold an @ that was
  // not percent-encoded
  return text.replace(/\/\/[^/\s]*@/g, `//${MASK}@`)
}
