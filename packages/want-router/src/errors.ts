/**
 * An option that cannot be meant: the message names the option, says what was
 * wrong with it and what is expected. Thrown at construction, never later.
 */
export class InvalidOptionError extends Error {
  static name = 'InvalidOptionError'
  name = 'InvalidOptionError'

  constructor (message = 'Invalid option') {
    super(message)
  }
}
