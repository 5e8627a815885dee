import { redact } from '../config/secret.ts'

/** From the fewest messages to the most. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const
/** The formats in which lines are written. */
export const LOG_FORMATS = ['text', 'json'] as const

/** One of {@link LOG_LEVELS}. */
export type LogLevel = typeof LOG_LEVELS[number]
/** One of {@link LOG_FORMATS}. */
export type LogFormat = typeof LOG_FORMATS[number]

/** The content of a message as data for programs: with `json` the line contains these fields too. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Writes one line for each call. The message is complete; the fields repeat its content as data. */
export interface Log {
  /** The least important level that is written. */
  readonly level: LogLevel
  error (message: string, fields?: LogFields): void
  warn (message: string, fields?: LogFields): void
  info (message: string, fields?: LogFields): void
  debug (message: string, fields?: LogFields): void
}

/** Which lines a log writes, how, and where to. */
export interface LogInit {
  readonly level: LogLevel
  readonly format: LogFormat
  /** The number of the worker that logs, if it is one of several. */
  readonly worker?: number
  /** Writes a line, given without its line break. */
  write (line: string): void
  /** Wall clock, ms since 1970. */
  now? (): number
}

/**
 * Creates a log that writes `2026-01-31T12:00:00.000Z warn  node a is down: …`, or
 * the same as a JSON object. Messages can contain text from peers and nodes, so the
 * log removes control characters and masks credentials.
 */
export function createLog ({ level, format, worker, write, now = Date.now }: LogInit): Log {
  const least = LOG_LEVELS.indexOf(level)

  const writer = (name: LogLevel): Log[LogLevel] => LOG_LEVELS.indexOf(name) > least
    ? () => {}
    : (message, fields) => {
        const time = new Date(now()).toISOString()
        const text = printable(message)

        write(format === 'json'
          ? JSON.stringify({ time, level: name, worker, message: text, ...safe(fields) })
          : `${time} ${name.padEnd(5)} ${worker == null ? '' : `worker ${worker}: `}${text}`)
      }

  return { level, error: writer('error'), warn: writer('warn'), info: writer('info'), debug: writer('debug') }
}

/** A log that writes nothing. */
export const NO_LOG: Log = { level: 'error', error () {}, warn () {}, info () {}, debug () {} }

function safe (fields: LogFields = {}): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? printable(value) : value]))
}

/** Removes line breaks and control characters, and masks credentials. */
function printable (text: string): string {
  return redact(text).trim().replace(/\s*[\r\n]\s*/g, ' ').replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
}
