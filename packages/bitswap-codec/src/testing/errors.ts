/** A store, index or source breaks a law. The message says how, and for which object or block. */
export class LawBrokenError extends Error {
  static name = 'LawBrokenError'
  name = 'LawBrokenError'
}

/** There is no test runner for the laws. */
export class NoTestRunnerError extends Error {
  static name = 'NoTestRunnerError'
  name = 'NoTestRunnerError'
}
