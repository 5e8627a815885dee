import { DEFAULT_STRATEGY } from '@kitsune/want-router'
import { createWorld } from '../world/world.ts'
import { HostileClient } from './actors/hostile-client.ts'
import { Membership } from './membership.ts'
import { awaitAnswers, expectNothing } from './recovery.ts'
import { HASHES } from './scenario/blocks.ts'
import { drawScenario, printScenario } from './scenario/scenario.ts'
import { strategyOf } from './scenario/strategy.ts'
import { delayedVerify } from './verification.ts'
import type { HostileMember } from './actors/hostile-member.ts'
import type { Feature } from './features.ts'
import type { WorldAct } from './scenario/acts.ts'
import type { Scenario } from './scenario/scenario.ts'
import type { Stage } from './stage.ts'
import type { World } from '../world/world.ts'
import type { Capacity } from '@kitsune/want-router'

// want-haves that a warm-up asks for at a time, and how long they get, ms: many times what a member that is honest takes
const WARM_UP = { wants: 4, ms: 500 }

/** Clients and members misbehave for a while; then all are honest, and everything has to recover. */
export function playHostileRun (stage: Stage): void {
  const scenario = drawScenario(stage.random)
  stage.trace.act(() => `scenario ${printScenario(scenario)}`)
  new HostileRun(stage, scenario).play()
}

class HostileRun {
  readonly #stage: Stage
  readonly #scenario: Scenario
  readonly #world: World
  readonly #membership: Membership
  readonly #clients: readonly HostileClient[]
  readonly #acts: Readonly<Record<WorldAct, () => void>>

  constructor (stage: Stage, scenario: Scenario) {
    const { clock, trace, seed, timers, dice: { chance, int } } = stage
    const { verifying } = scenario
    this.#stage = stage
    this.#membership = new Membership(stage, scenario, { world: () => this.#world, observer: () => stage.monitor })
    this.#scenario = { ...scenario, worldActs: { ...scenario.worldActs, ...this.#membership.changes } }
    this.#world = createWorld({
      seed,
      clock,
      timers,
      hashes: HASHES,
      verify: delayedVerify(clock, () => {
        const ms = verifying > 0 && chance(0.7) ? int(0, verifying) : 0
        this.#note('slow verification', ms > 0)

        return ms
      }),
      strategy: strategyOf(scenario.strategy),
      limits: scenario.limits,
      members: scenario.members.map(member => this.#membership.create(member)),
      engine: init => stage.engine(init)
    })
    this.#clients = scenario.clients.map(client => new HostileClient(client, scenario, this.#world, trace))
    this.#acts = this.#worldActs()
  }

  play (): void {
    const stage = this.#stage
    this.#noteScenario()
    this.#begin()

    for (; stage.step < this.#scenario.steps; stage.step++) {
      this.#step()
    }

    stage.trace.act(() => 'all faults end')
    this.#heal()
    awaitAnswers(stage, this.#membership, this.#clients, this.#scenario.verifying)

    stage.trace.act(() => 'all clients leave')

    for (const client of this.#clients) {
      client.leave()
    }

    // blocks that are being verified still arrive
    stage.clock.pass(this.#scenario.verifying)
    expectNothing(stage)
  }

  #noteScenario (): void {
    const { strategy } = this.#scenario
    const decorators: readonly string[] = strategy.match(/tiers|bounded-load|presence|sticky/g) ?? []
    this.#note('default strategy', strategy === DEFAULT_STRATEGY)
    this.#note('wrapped strategy', decorators.length > 0)
    this.#note('three decorators', decorators.length >= 3)
    this.#note('presence', decorators.includes('presence'))
    this.#note('taking at once', this.#clients.some(({ atOnce }) => atOnce))
  }

  /** Members come up; most begin with faults at once, some after a time in which all answer. */
  #begin (): void {
    const { clock, dice: { chance } } = this.#stage
    const { warmUp } = this.#scenario

    for (const member of this.#membership.all) {
      if (chance(warmUp > 0 ? 0.95 : 0.8)) {
        member.up(chance(0.4) ? this.#drawCapacity() : undefined)
      }
    }

    const client = this.#clients.find(({ presences }) => presences)

    for (let asked = 0; asked < warmUp; asked += WARM_UP.wants) {
      const cancel = client?.askInVain(WARM_UP.wants)
      clock.pass(WARM_UP.ms)
      cancel?.()
    }

    for (const member of this.#membership.all) {
      member.changeFaults()
    }
  }

  #step (): void {
    const { clock, dice: { chance, int, pick, weighted } } = this.#stage

    if (chance(0.6)) {
      pick(this.#clients).act(weighted(this.#scenario.clientActs))
    } else {
      this.#acts[weighted(this.#scenario.worldActs)]()
    }

    if (chance(0.7)) {
      clock.pass(pick([0, 1, int(0, 60)]))
    }

    this.#membership.step()
  }

  #heal (): void {
    // a member that comes back wakes waiting fetches, but they must also be served without one
    const comeBack = this.#stage.dice.chance(0.6)
    this.#membership.heal()

    for (const member of this.#membership.all) {
      if (!member.connected && comeBack) {
        member.up()
      }

      member.heal()
    }

    for (const client of this.#clients) {
      client.heal()
    }
  }

  #drawCapacity (): Capacity {
    const { chance, int, pick } = this.#stage.dice

    return { wants: int(1, 8), bytes: int(2, 64) * 1024, standing: pick([0, 0, 1, 4, 384]), supportsDontHave: chance(0.8) }
  }

  #worldActs (): Readonly<Record<WorldAct, () => void>> {
    const { clock, dice: { chance, int, pick } } = this.#stage
    const { blocks } = this.#scenario

    /** Does nothing if all members have left. */
    const toOne = (act: (member: HostileMember) => void) => () => {
      const member: HostileMember | undefined = pick(this.#membership.all)

      if (member != null) {
        act(member)
      }
    }

    return {
      ...this.#membership.acts,
      down: toOne(one => {
        if (one.connected || chance(0.1)) {
          one.down() // or there is a newer reason for its being down
        }
      }),
      up: toOne(one => {
        if (!one.connected) {
          one.up(chance(0.5) ? this.#drawCapacity() : undefined)
        }
      }),
      capacity: toOne(one => {
        if (one.connected) {
          const { wants, bytes } = this.#drawCapacity()
          one.up({ wants, bytes })
        }
      }),
      faults: toOne(one => { one.changeFaults() }),
      gain: toOne(one => { one.gain(pick(blocks)) }),
      lose: toOne(one => { one.lose(pick(blocks)) }),
      unsolicited: toOne(one => {
        for (let n = pick([1, 3, 20]); n > 0 && one.connected; n--) {
          one.babble()
        }
      }),
      load: toOne(one => { one.load(int(0, 1 << 20)) }),
      drain: () => {
        // ends at once, having told the engine
        this.#world.driver.drain(0, AbortSignal.abort()).catch(() => {})
      },
      jump: () => { this.#jump(pick([100, 5000, 60_000])) },
      stall: () => { this.#stall(pick([300, 2000, 10_000])) },
      pass: () => { clock.pass(pick([0, 1, int(0, 50), int(0, 50), int(0, 500), int(0, 5000), int(0, 40_000)])) }
    }
  }

  #jump (ms: number): void {
    const { clock, monitor, trace } = this.#stage
    trace.act(() => `the clock jumps ${ms} ms ahead`)
    clock.jump(clock.now() + ms)
    monitor.time.jumped()
  }

  #stall (ms: number): void {
    const { monitor, timers, trace } = this.#stage
    trace.act(() => `the process stands still for ${ms} ms`)
    const heard = monitor.heard
    timers.stall(ms, late => { monitor.time.stalled(late) })
    this.#note('stall', monitor.heard > heard)
  }

  #note (feature: Feature, met: boolean): void {
    if (met) {
      this.#stage.met.add(feature)
    }
  }
}
