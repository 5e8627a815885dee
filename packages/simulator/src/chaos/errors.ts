import type { Invariant } from './invariants.ts'

/** A run in which an invariant was broken. */
export class InvariantBrokenError extends Error {
  static name = 'InvariantBrokenError'
  name = 'InvariantBrokenError'
  readonly invariant: Invariant

  constructor (invariant: Invariant, message: string) {
    super(message)
    this.invariant = invariant
  }
}

/** The source that a mutant changes does not contain the text that it replaces. */
export class MutantError extends Error {
  static name = 'MutantError'
  name = 'MutantError'
}

/** @throws {InvariantBrokenError} */
export function broken (invariant: Invariant, message: string): never {
  throw new InvariantBrokenError(invariant, message)
}
