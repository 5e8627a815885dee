import { DEFAULT_LIMITS } from '../defaults.ts'
import { RECORDING_FORMAT } from '../engine/tap.ts'
import { InvalidRecordingError } from '../errors.ts'
import type { Input } from '../engine/io.ts'
import type { TapRecord } from '../engine/tap.ts'

/** What a record must have beside its `t`, and of which type. What it may have is not listed. */
type Fields = Readonly<Record<string, 'number' | 'string' | 'boolean' | 'object' | 'array' | 'bytes'>>

const RECORDS: Readonly<Record<TapRecord['t'], Fields>> = {
  start: { seed: 'number', randomSeed: 'number', members: 'array', limits: 'object' },
  put: { input: 'object' },
  flush: { said: 'array' },
  take: { client: 'string', maxBytes: 'number', protocol: 'string' }
}

const INPUTS: Readonly<Record<Input['t'], Fields>> = {
  message: { client: 'string', wants: 'array', full: 'boolean' },
  connection: { client: 'string', connection: 'number', is: 'string' },
  gone: { client: 'string' },
  'stands-for': { client: 'string', of: 'string' },
  add: { member: 'string' },
  remove: { member: 'string' },
  update: { member: 'string' },
  up: { member: 'string' },
  down: { member: 'string' },
  block: { member: 'string', key: 'string', bytes: 'bytes' },
  answer: { member: 'string', key: 'string', answer: 'string' },
  load: { member: 'string', pendingBytes: 'number' },
  verdicts: { client: 'string', verdicts: 'array' },
  review: {},
  tick: {},
  drain: {}
}

const LIMITS: Fields = Object.fromEntries(Object.keys(DEFAULT_LIMITS).map(name => [name, 'number']))

/**
 * Whether what a line says is a record of this version. A recording says at its
 * start in which format it is, so an old one is refused with a word about that.
 *
 * @throws {InvalidRecordingError} that names what is missing
 */
export function expectRecord (record: Partial<TapRecord>): asserts record is TapRecord {
  const { t, at } = record

  if (typeof at !== 'number' || t == null || !Object.hasOwn(RECORDS, t)) {
    throw new InvalidRecordingError(`no record is of the kind ${JSON.stringify(t)}, or it has no time`)
  }

  if (t === 'start') {
    expectFormat(record)
  }

  expectFields(`the record "${t}"`, record, RECORDS[t])

  if (t === 'start') {
    expectFields('the list of limits', (record as Extract<TapRecord, { t: 'start' }>).limits, LIMITS)
  } else if (t === 'put') {
    expectInput((record as Extract<TapRecord, { t: 'put' }>).input)
  }
}

/** Versions that wrote no format wrote the first. */
function expectFormat ({ format = 1 }: { readonly format?: unknown }): void {
  if (format !== RECORDING_FORMAT) {
    throw new InvalidRecordingError(`it was written in format ${JSON.stringify(format)}, and this version of the router reads format ${RECORDING_FORMAT}: replay it with the version that wrote it`)
  }
}

function expectInput (input: Partial<Input>): void {
  const { t } = input

  if (t == null || !Object.hasOwn(INPUTS, t)) {
    throw new InvalidRecordingError(`no input is of the kind ${JSON.stringify(t)}`)
  }

  expectFields(`the input "${t}"`, input, INPUTS[t])
}

function expectFields (what: string, value: object, fields: Fields): void {
  for (const [name, type] of Object.entries(fields)) {
    if (!isOfType((value as Readonly<Record<string, unknown>>)[name], type)) {
      throw new InvalidRecordingError(`${what} has no "${name}", or one of another type`)
    }
  }
}

function isOfType (value: unknown, type: Fields[string]): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value)
    case 'bytes':
      return value instanceof Uint8Array
    default:
      return value != null && typeof value === type // eslint-disable-line valid-typeof
  }
}
