/** The configuration is invalid, or cannot be used. The message says what to change. */
export class ConfigError extends Error {
  static name = 'ConfigError'
  name = 'ConfigError'
}
