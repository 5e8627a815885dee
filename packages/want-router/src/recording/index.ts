/**
 * @packageDocumentation
 *
 * Recordings of an engine: what its tap saw, a line of JSON each.
 *
 * @example
 * ```ts
 * const file = createWriteStream('wants.ndjson')
 * wantRouter({ targets, tap: record => { file.write(`${recordLine(record)}\n`) } })
 * // later, with the same strategy: no divergence
 * const lines = (await readFile('wants.ndjson', 'utf8')).trimEnd().split('\n')
 * replay(lines.map(readRecordLine), { strategy: boundedLoad(rendezvous()) }).divergence
 * ```
 */
export { InvalidRecordingError } from '../errors.ts'
export { readRecordLine, recordLine } from './line.ts'
export { replay } from './replay.ts'
export type { Divergence, Replay, ReplayInit } from './replay.ts'
export type { Decision, Tap, TapRecord } from '../engine/tap.ts'
