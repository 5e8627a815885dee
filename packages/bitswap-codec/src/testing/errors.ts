/** An implementation breaks a law of its interface. The message says which, by what, and how to see it again. */
export class LawBrokenError extends Error {
  static name = 'LawBrokenError'
  name = 'LawBrokenError'
}

/** There is no test runner that the laws could be given to. */
export class NoTestRunnerError extends Error {
  static name = 'NoTestRunnerError'
  name = 'NoTestRunnerError'
}
