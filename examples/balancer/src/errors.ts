/**
 * The configuration is invalid: a flag, an environment variable or the config
 * file. The message names the place and fits in one line.
 */
export class ConfigError extends Error {
  static name = 'ConfigError'
  name = 'ConfigError'
}

/**
 * The key file cannot be used. It was left unchanged: a new key would mean a new
 * peer id, and clients that know the old one could not find the balancer.
 */
export class KeyFileError extends Error {
  static name = 'KeyFileError'
  name = 'KeyFileError'
}

/** The balancer could not start, for example because a port is in use or the machine does not have an address. */
export class StartError extends Error {
  static name = 'StartError'
  name = 'StartError'
}

/** A worker could not start. It has printed the reason on stderr. */
export class WorkerFailedError extends Error {
  static name = 'WorkerFailedError'
  name = 'WorkerFailedError'
  /** The exit code of the worker. */
  readonly exitCode: number

  constructor (exitCode: number) {
    super(`A worker could not start (exit code ${exitCode})`)
    this.exitCode = exitCode
  }
}
