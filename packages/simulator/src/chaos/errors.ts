import type { Law } from './laws.ts'

/** A history in which a law was broken. */
export class LawBrokenError extends Error {
  static name = 'LawBrokenError'
  name = 'LawBrokenError'
  readonly law: Law

  constructor (law: Law, message: string) {
    super(message)
    this.law = law
  }
}

/** A mutant does not fit the source that it was written for. */
export class MutantError extends Error {
  static name = 'MutantError'
  name = 'MutantError'
}
