/** The command line names something that does not exist, or has an invalid value. */
export class UsageError extends Error {
  static name = 'UsageError'
  name = 'UsageError'
}

/** Something that the benchmark needs is not installed, or was not built. */
export class MissingToolError extends Error {
  static name = 'MissingToolError'
  name = 'MissingToolError'
}

/** A run ended without a figure: a proxy lost blocks, or sent unsolicited blocks. */
export class RunError extends Error {
  static name = 'RunError'
  name = 'RunError'
}
