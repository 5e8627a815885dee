import type { ComponentLogger, Logger } from '@libp2p/interface'

/**
 * Creates a logger that logs nothing and that all components share. libp2p creates a
 * logger for every stream and every scope in it, and checks the environment and the
 * terminal each time; this one costs nothing. Use it when DEBUG is not set.
 */
export function createQuietLogger (): ComponentLogger {
  const log: Logger = Object.assign(() => {}, {
    enabled: false,
    error: () => {},
    trace: () => {},
    newScope: () => log
  })

  return { forComponent: () => log }
}
