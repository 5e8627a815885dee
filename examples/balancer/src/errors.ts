/**
 * The configuration is wrong: a flag, an environment variable or the config
 * file. The message names the place and fits in one line.
 */
export class ConfigError extends Error {
  static name = 'ConfigError'
  name = 'ConfigError'
}

/**
 * The key file cannot be used. It was left as it is: a new key would be a new
 * peer id, and every client that knows the old one would lose the balancer.
 */
export class KeyFileError extends Error {
  static name = 'KeyFileError'
  name = 'KeyFileError'
}

/** The balancer could not start: a port in use, an address that is not ours. */
export class StartError extends Error {
  static name = 'StartError'
  name = 'StartError'
}
