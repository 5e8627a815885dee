/** The arguments or the environment of the command are invalid. */
export class UsageError extends Error {
  static name = 'UsageError'
  name = 'UsageError'

  constructor (message = 'Invalid arguments') {
    super(message)
  }
}
