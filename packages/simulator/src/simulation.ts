import { createEngine } from '@kitsune/want-router/engine'
import { fakeClock } from '@kitsune/want-router/testing'
import { createCollector } from './metrics/collector.ts'
import { createCatalogue } from './models/catalogue.ts'
import { createModelMember } from './models/member.ts'
import { createBlockPicker } from './models/popularity.ts'
import { replayClient, startClient } from './models/workload.ts'
import { memberIds } from './scenario/schema.ts'
import { createWorld } from './world/world.ts'
import type { RunResult } from './metrics/result.ts'
import type { Recording } from './scenario/recording.ts'
import type { FullScenario } from './scenario/schema.ts'
import type { World } from './world/world.ts'
import type { Limits, StrategyFactory } from '@kitsune/want-router'
import type { Tap } from '@kitsune/want-router/engine'

/** A strategy and its name in reports. */
export interface NamedStrategy {
  /** As written. */
  readonly name: string
  readonly factory: StrategyFactory
}

/** One run: its scenario and its strategy. */
export interface SimulateInit {
  readonly scenario: FullScenario
  readonly strategy: NamedStrategy
  /** One of the scenario's variants. */
  readonly variant?: string
  /** Replaces the scenario's clients, and says which blocks exist. */
  readonly recording?: Recording
  /** Sees all input and output of the engine. */
  readonly tap?: Tap
  /** The same scenario, strategy and seed give the same result, byte for byte. */
  readonly seed: number
  /** Called as simulated time passes, with the share of it that has passed. */
  progress? (done: number): void
}

/**
 * Runs a scenario under a strategy. Arrivals, sizes and what members hold depend on the
 * seed and not on the strategy, so that all strategies meet the same workload.
 */
export function simulate ({ scenario, strategy, variant, recording, tap, seed, progress }: SimulateInit): RunResult {
  const ids = memberIds(scenario)
  const models = scenario.members.flatMap(model => Array.from({ length: model.count }, () => model))
  const blocks = createCatalogue({ seed, sizes: scenario.sizes, copies: scenario.copies, members: ids, recording })
  const clock = fakeClock()
  const collector = createCollector({
    scenario,
    members: models.map(({ weight }, i) => ({ id: ids[i], weight })),
    now: clock.now,
    status: () => world.engine.status()
  })
  const world: World = createWorld({
    seed,
    clock,
    engine: init => createEngine({ ...init, tap }),
    strategy: strategy.factory,
    limits: { ...scenario.limits, ...(variant == null ? {} : scenario.variants[variant]) } as Partial<Limits>,
    members: models.map((model, i) => ({
      id: ids[i],
      weight: model.weight,
      labels: model.labels,
      create: env => createModelMember(ids[i], model, env, blocks, collector.member(i))
    }))
  })

  for (const [id, messages] of recording?.arrivals ?? []) {
    replayClient(id, messages, world, collector.client)
  }

  const counter = { next: 0 }

  for (const group of scenario.clients) {
    const pick = createBlockPicker(group.popularity, counter)

    for (let i = 1; i <= group.count; i++) {
      const id = group.count === 1 ? group.id : `${group.id}-${i}`
      startClient(id, group, world, pick, collector.client)
    }
  }

  if (scenario.warmup > 0) {
    clock.after(scenario.warmup, () => { collector.warm() })
  }

  for (let i = 1; i <= scenario.buckets; i++) {
    world.run(scenario.duration * i / scenario.buckets)
    collector.bucketEnd()
    progress?.(i / scenario.buckets)
  }

  return { scenario: scenario.name, strategy: strategy.name, variant, seed, ...collector.result() }
}
