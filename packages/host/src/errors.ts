/** An option is invalid. The message names it and says what it must be. */
export class InvalidOptionError extends Error {
  static name = 'InvalidOptionError'
  name = 'InvalidOptionError'
}
