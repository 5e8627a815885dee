import { quietLogger } from '../hosts/quiet-logger.ts'
import type { Log } from './log.ts'
import type { ComponentLogger, Logger } from '@libp2p/interface'

/** Components of this project, as the router and its network name themselves. */
const OURS = /^kitsune:/

/**
 * Gives libp2p the log. At level `debug` what our own components say goes there;
 * libp2p's own components are for `others`, by default nobody.
 */
export function componentLogger (log: Log, others: ComponentLogger = quietLogger()): ComponentLogger {
  return {
    forComponent: name => log.level === 'debug' && OURS.test(name) ? toLog(log, name) : others.forComponent(name)
  }
}

function toLog (log: Log, component: string): Logger {
  const write = (template: unknown, ...args: unknown[]): void => {
    log.debug(`${component}: ${format(template, args)}`, { component })
  }

  return Object.assign(write, {
    enabled: true,
    error: write,
    trace: () => {},
    newScope: (scope: string) => toLog(log, `${component}:${scope}`)
  })
}

/** libp2p's placeholders (`%e` an error, `%p` a peer, `%a` an address, …) are all texts here. */
function format (template: unknown, args: readonly unknown[]): string {
  const left = args.map(show)
  const text = String(template).replace(/%([a-zA-Z%])/g, (placeholder, letter) => letter === '%' ? '%' : left.shift() ?? placeholder)

  return [text, ...left].join(' ')
}

function show (value: unknown): string {
  return value instanceof Error ? value.message : String(value)
}
