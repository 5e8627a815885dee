import { createQuietLogger } from '@kitsune/host'
import type { Log } from './log.ts'
import type { ComponentLogger, Logger } from '@libp2p/interface'

/** The names of this project's components: the router and its network. */
const OURS = /^kitsune:/

/**
 * Creates libp2p's logger from the log. At level `debug` it writes the messages of
 * this project's components to the log; messages of libp2p's own components go to
 * `others`, and are dropped by default.
 */
export function createComponentLogger (log: Log, others: ComponentLogger = createQuietLogger()): ComponentLogger {
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

/** Replaces all of libp2p's placeholders (`%e` an error, `%p` a peer, `%a` an address, …) by text. */
function format (template: unknown, args: readonly unknown[]): string {
  const left = args.map(show)
  const text = String(template).replace(/%([a-zA-Z%])/g, (placeholder, letter) => letter === '%' ? '%' : left.shift() ?? placeholder)

  return [text, ...left].join(' ')
}

function show (value: unknown): string {
  return value instanceof Error ? value.message : String(value)
}
