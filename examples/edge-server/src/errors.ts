/** The configuration is invalid, or cannot be used. The message says what to change. */
export class ConfigError extends Error {
  static name = 'ConfigError'
  name = 'ConfigError'
}

/** A client took nothing of what it had asked for while others needed the memory. */
export class StuckError extends Error {
  static name = 'StuckError'
  name = 'StuckError'

  constructor (message = 'The client took nothing for ten seconds while the memory was needed for others') {
    super(message)
  }
}
