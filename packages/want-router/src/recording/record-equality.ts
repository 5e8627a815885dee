import { recordLine } from './line.ts'
import type { TapRecord } from '../engine/tap.ts'

/** Whether two records have the same line. */
export function isSameRecord (a: TapRecord, b: TapRecord): boolean {
  // most are the same part by part, which is told in a fraction of the time
  return sameValue(a, b, '') || recordLine(a) === recordLine(b)
}

function sameValue (a: unknown, b: unknown, name: string): boolean {
  if (a === b) {
    return true
  }

  if (typeof a !== 'object' || typeof b !== 'object' || a == null || b == null) {
    return false
  }

  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && sameBytes(a, b, name)
  }

  const names = Object.keys(a)

  return names.length === Object.keys(b).length &&
    names.every(name => sameValue((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name], name))
}

/** A line has no more of a block than its size. */
function sameBytes (a: Uint8Array, b: Uint8Array, name: string): boolean {
  return a.byteLength === b.byteLength && (name === 'bytes' || name === 'data' || a.every((byte, i) => byte === b[i]))
}
