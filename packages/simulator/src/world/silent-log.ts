import type { DriverInit } from '@kitsune/want-router/engine'

type Log = DriverInit['log']

/** A log that discards everything. */
export const silent: Log = Object.assign(() => {}, {
  error () {},
  trace () {},
  enabled: false,
  newScope: () => silent
})

/** Makes such logs. */
export const silentLogger = { forComponent: (): Log => silent }
