/** A strategy or a target does what it must not; the message says what, for whom, and how to see it again. */
export class LawBrokenError extends Error {
  static name = 'LawBrokenError'
  name = 'LawBrokenError'
}

/** There is no test runner to hand the laws to. */
export class NoTestRunnerError extends Error {
  static name = 'NoTestRunnerError'
  name = 'NoTestRunnerError'
}
