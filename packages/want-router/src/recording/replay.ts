import { createEngine } from '../engine/engine.ts'
import { InvalidRecordingError } from '../errors.ts'
import { isSameRecord } from './record-equality.ts'
import type { Limits } from '../defaults.ts'
import type { Engine, Output } from '../engine/io.ts'
import type { TapRecord } from '../engine/tap.ts'
import type { StrategyFactory } from '../strategies/strategy.ts'

/** With what a recording is replayed. */
export interface ReplayInit {
  /** The strategy that was recorded; another one diverges as soon as it decides otherwise. */
  readonly strategy: StrategyFactory
  /** Overrides of the recorded limits, to see where they make a difference. */
  readonly limits?: Partial<Limits>
}

/** Where a replay did something else than what was recorded. */
export interface Divergence {
  /** Which record, the first being 0. */
  readonly record: number
  readonly recorded: TapRecord
  readonly replayed: TapRecord
}

/** What came of a replay. */
export interface Replay {
  /** Records replayed, up to the divergence if there is one. */
  readonly records: number
  readonly divergence?: Divergence
  /** The engine as it stands then, to be asked for its `status()`. */
  readonly engine: Engine
}

const ignore: Output = { ask () {}, cancel () {}, ready () {}, close () {}, reset () {} }

/**
 * Puts a recording through a new engine and compares what comes out, record by
 * record. With the recorded strategy and limits it is the same to the last byte;
 * blocks are as long as they were, and empty.
 *
 * @param records - from the `start` of an engine on, as its tap saw them
 * @throws {InvalidRecordingError} for records that do not begin with a `start`
 */
export function replay (records: Iterable<TapRecord>, init: ReplayInit): Replay {
  let engine: Engine | undefined
  let now = 0
  let replayed: TapRecord | undefined
  let count = 0

  const start = (record: Extract<TapRecord, { t: 'start' }>): Engine => createEngine({
    ...record,
    limits: { ...record.limits, ...init.limits },
    strategy: init.strategy,
    now: () => now,
    tap (seen) { replayed = seen }
  })

  for (const record of records) {
    now = record.at

    if (record.t === 'start') {
      if (engine != null) {
        throw new InvalidRecordingError(`record ${count} starts another engine: replay one at a time`)
      }

      engine = start(record)
    } else if (engine == null) {
      throw new InvalidRecordingError('the recording does not begin with the start of an engine')
    } else {
      apply(engine, record)

      if (replayed != null && !isSameRecord(replayed, record)) {
        return { records: count, engine, divergence: { record: count, recorded: record, replayed } }
      }
    }

    count++
  }

  if (engine == null) {
    throw new InvalidRecordingError('the recording is empty')
  }

  return { records: count, engine }
}

function apply (engine: Engine, record: Exclude<TapRecord, { t: 'start' }>): void {
  switch (record.t) {
    case 'put':
      engine.put(record.input)
      break
    case 'flush':
      engine.flush(ignore)
      break
    default:
      engine.take(record.client, record.maxBytes, record.protocol)
  }
}
