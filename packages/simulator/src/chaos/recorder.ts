import { recordLine, replay } from '@kitsune/want-router/recording'
import { broken } from './errors.ts'
import type { StrategyFactory } from '@kitsune/want-router'
import type { EngineStatus } from '@kitsune/want-router/engine'
import type { Tap, TapRecord } from '@kitsune/want-router/recording'

/** Records the input and the decisions of a run's engine. */
export interface Recorder {
  readonly tap: Tap
  /** The strategy of the engine. */
  strategy: StrategyFactory | undefined
  /** Replays the run on its own engine, which must decide the same and end in this state. */
  expectReplay (status: EngineStatus): void
}

/** Makes an empty recorder. */
export function createRecorder (): Recorder {
  const records: TapRecord[] = []

  return {
    tap (record) { records.push(record) },
    strategy: undefined,

    expectReplay (status) {
      if (this.strategy == null) {
        return
      }

      const { divergence, engine } = replay(records, { strategy: this.strategy })

      if (divergence != null) {
        broken('replay', `record ${divergence.record} was ${recordLine(divergence.recorded).slice(0, 300)} and is replayed as ${recordLine(divergence.replayed).slice(0, 300)}`)
      }

      const [ended, replayed] = [status, engine.status()].map(status => JSON.stringify(status))

      if (ended !== replayed) {
        broken('replay', `ended as ${ended}, and is replayed to ${replayed}`)
      }
    }
  }
}
