import { base64 } from 'multiformats/bases/base64'
import { InvalidRecordingError } from '../errors.ts'
import { expectRecord } from './record-shape.ts'
import type { TapRecord } from '../engine/tap.ts'

// characters of a line that an error shows
const SHOWN = 80

/** Values that JSON cannot express: bytes (those of a block only by their number), and no limit. */
type Written = { $bytes: string } | { $size: number } | { $number: 'Infinity' }

/**
 * One line of a recording. CIDs are kept, blocks are not: of those the line has
 * the key and the size. Peer ids stand in it as they are.
 */
export function recordLine (record: TapRecord): string {
  return JSON.stringify(record, function (this: Record<string, unknown>, name, value: unknown) {
    // not `value`, which is what a Buffer makes of itself
    const original = this[name]

    return original instanceof Uint8Array || original === Infinity ? write(name, original) : value
  })
}

/**
 * @throws {InvalidRecordingError} for a line that this version's `recordLine` did not write
 */
export function readRecordLine (line: string): TapRecord {
  const record = parse(line)

  try {
    expectRecord(record)
  } catch (err) {
    throw new InvalidRecordingError(`${err instanceof Error ? err.message : String(err)}: ${line.slice(0, SHOWN)}`)
  }

  return record
}

function parse (line: string): Partial<TapRecord> {
  try {
    const record: unknown = JSON.parse(line, (_, value: unknown) => isWritten(value) ? read(value) : value)

    if (typeof record === 'object' && record != null) {
      return record
    }
  } catch {
    // said below
  }

  throw new InvalidRecordingError(`not a line of a recording: ${line.slice(0, SHOWN)}`)
}

function write (name: string, value: Uint8Array | number): Written {
  if (typeof value === 'number') {
    return { $number: 'Infinity' }
  }

  // `bytes` of a block received, `data` of one sent
  return name === 'bytes' || name === 'data' ? { $size: value.byteLength } : { $bytes: base64.baseEncode(value) }
}

function isWritten (value: unknown): value is Written {
  return typeof value === 'object' && value != null && ('$bytes' in value || '$size' in value || '$number' in value)
}

/** A block that is replayed has its size and no content; all share one buffer. */
let zeros = new Uint8Array(0)

function read (written: Written): Uint8Array | number {
  if ('$number' in written) {
    return Infinity
  }

  if ('$bytes' in written) {
    return base64.baseDecode(written.$bytes)
  }

  if (zeros.byteLength < written.$size) {
    zeros = new Uint8Array(written.$size)
  }

  return zeros.subarray(0, written.$size)
}
