import { redact } from '../config/secret.ts'

/** From the least to the most that is logged. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const
export const LOG_FORMATS = ['text', 'json'] as const

export type LogLevel = typeof LOG_LEVELS[number]
export type LogFormat = typeof LOG_FORMATS[number]

/** What a message is about, for programs: with `json` these stand beside it. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** One line for each call. A message says everything by itself, fields repeat it as data. */
export interface Log {
  /** The least important level that is written. */
  readonly level: LogLevel
  error (message: string, fields?: LogFields): void
  warn (message: string, fields?: LogFields): void
  info (message: string, fields?: LogFields): void
  debug (message: string, fields?: LogFields): void
}

export interface LogInit {
  readonly level: LogLevel
  readonly format: LogFormat
  /** Takes a line, without its end. */
  write (line: string): void
  /** Wall clock, ms since 1970. */
  now? (): number
}

/**
 * A log that writes `2026-01-31T12:00:00.000Z warn  node a is down: …`, or the
 * same as a JSON object. What peers and nodes say ends up in messages: neither
 * control characters nor credentials of theirs pass.
 */
export function createLog ({ level, format, write, now = Date.now }: LogInit): Log {
  const least = LOG_LEVELS.indexOf(level)

  const writer = (name: LogLevel): Log[LogLevel] => LOG_LEVELS.indexOf(name) > least
    ? () => {}
    : (message, fields) => {
        const time = new Date(now()).toISOString()
        const text = printable(message)

        write(format === 'json'
          ? JSON.stringify({ time, level: name, message: text, ...safe(fields) })
          : `${time} ${name.padEnd(5)} ${text}`)
      }

  return { level, error: writer('error'), warn: writer('warn'), info: writer('info'), debug: writer('debug') }
}

/** A log for nobody. */
export const NO_LOG: Log = { level: 'error', error () {}, warn () {}, info () {}, debug () {} }

function safe (fields: LogFields = {}): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? printable(value) : value]))
}

/** A line stays one, a terminal is told nothing, and credentials are masked. */
function printable (text: string): string {
  return redact(text).trim().replace(/\s*[\r\n]\s*/g, ' ').replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
}
