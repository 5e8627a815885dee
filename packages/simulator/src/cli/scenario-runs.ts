import { UsageError } from '../errors.ts'
import { runName } from '../report/table.ts'
import { scaled } from '../scenario/loader.ts'
import { simulate } from '../simulation.ts'
import { findStrategies } from '../strategies.ts'
import { openRecording } from './files.ts'
import { createProgress } from './progress.ts'
import type { Options } from './args.ts'
import type { ScenarioResult } from '../metrics/result.ts'
import type { FoundScenario } from '../scenario/loader.ts'
import type { NamedStrategy } from '../simulation.ts'

/** Simulates a scenario under every strategy and variant. */
export async function runScenario ({ scenario: whole, recording }: FoundScenario, options: Pick<Options, 'strategies' | 'seed' | 'scale' | 'record'>, stderr: NodeJS.WriteStream): Promise<ScenarioResult> {
  const scenario = scaled(whole, options.scale)
  const bar = createProgress(stderr)
  const strategies = await findStrategies(options.strategies.length > 0 ? options.strategies : scenario.strategies)
  const variants = Object.keys(scenario.variants)
  const planned: Array<{ strategy: NamedStrategy, variant?: string }> = strategies.flatMap(strategy =>
    variants.length === 0 ? [{ strategy }] : variants.map(variant => ({ strategy, variant })))

  if (options.record != null && planned.length !== 1) {
    throw new UsageError(`--record: there are ${planned.length} runs and one recording: name one strategy and one scenario without variants`)
  }

  const recorder = options.record == null ? undefined : openRecording(options.record)

  try {
    const runs = planned.map(({ strategy, variant }, i) => {
      const start = performance.now()
      bar.begin(runName({ strategy: strategy.name, variant }), `${scenario.name} [${i + 1}/${planned.length}]`)
      const result = simulate({
        scenario,
        recording,
        strategy,
        variant,
        seed: options.seed,
        tap: recorder?.tap,
        progress: done => { bar.advance(done) }
      })
      bar.end(`${result.totals.wants} wants in ${((performance.now() - start) / 1000).toFixed(1)} s`)

      return result
    })

    return { scenario, runs }
  } finally {
    recorder?.close()
  }
}
