/** The server cannot be started as it was asked to be: the message says what to change. */
export class ConfigError extends Error {
  static name = 'ConfigError'
  name = 'ConfigError'
}
