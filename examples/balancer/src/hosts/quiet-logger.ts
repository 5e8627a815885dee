import type { ComponentLogger, Logger } from '@libp2p/interface'

/**
 * A logger that logs nothing and is shared by all. libp2p makes a logger, with
 * its look at the environment and the terminal, for every stream and every
 * scope within; this one costs nothing, and is right wherever DEBUG is not set.
 */
export function quietLogger (): ComponentLogger {
  const log: Logger = Object.assign(() => {}, {
    enabled: false,
    error: () => {},
    trace: () => {},
    newScope: () => log
  })

  return { forComponent: () => log }
}
