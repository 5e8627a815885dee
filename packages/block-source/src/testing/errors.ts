/** A store, index or source does what it must not. The message says what, and of which object or block. */
export class LawBrokenError extends Error {
  static name = 'LawBrokenError'
  name = 'LawBrokenError'
}

/** There is no test runner to hand the laws to. */
export class NoTestRunnerError extends Error {
  static name = 'NoTestRunnerError'
  name = 'NoTestRunnerError'
}
