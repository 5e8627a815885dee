import { createDriver } from './driver/driver.ts'
import { createPeerSessions } from './driver/peer-sessions.ts'
import { createEngine } from './engine/engine.ts'
import { admissionOptions } from './policies/options.ts'
import { defaultStrategy } from './strategies/default.ts'
import { platformTimers } from './timers.ts'
import type { Limits } from './defaults.ts'
import type { UpstreamPort } from './driver/decisions.ts'
import type { Driver, DriverInit } from './driver/driver.ts'
import type { DownstreamPort, PeerSessions, PeerSessionsInit } from './driver/peer-sessions.ts'
import type { Verifier } from './driver/verifier.ts'
import type { EngineInit } from './engine/engine-init.ts'
import type { Engine } from './engine/io.ts'
import type { Tap } from './engine/tap.ts'
import type { PolicyOptions } from './policies/policy.ts'
import type { StrategyFactory } from './strategies/strategy.ts'
import type { MemberInit } from './targets/target.ts'
import type { Timers } from './timers.ts'

/** How the wants of one direction are decided, and members ranked for them. */
export interface DirectionOptions extends PolicyOptions {
  /** Ranks members. Default: `boundedLoad(presence(rendezvous()))`. */
  readonly strategy?: StrategyFactory
  /** Overrides of `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits>
  /** Is shown everything that goes into the engine and comes out of it: for debugging, and for recordings. */
  readonly tap?: Tap
}

/** What the directions of a router share. */
export interface DirectionParts {
  readonly seed: number
  readonly verify: Verifier
  /** Peer ids that are the router itself. */
  readonly own: ReadonlySet<string>
  /** Default: the platform's. */
  readonly timers?: Timers
  /** Default: a random number. */
  readonly randomSeed?: number
  /** Makes the engine; a simulation observes it. Default: `createEngine`. */
  readonly engine?: typeof createEngine
}

/** What an engine, its driver and its peer sessions are made from. */
export interface DirectionInit extends DirectionParts, Pick<DriverInit, 'log' | 'onEvent' | 'onEnded'>, Pick<EngineInit, 'wantsEnds'> {
  readonly options: DirectionOptions
  readonly members: readonly MemberInit[]
  readonly upstream: UpstreamPort
  readonly downstream: DownstreamPort
  readonly sessions?: Pick<PeerSessionsInit, 'changed' | 'check'>
}

/** Clients on one side, members on the other, and the engine between them. */
export interface Direction {
  readonly engine: Engine
  readonly driver: Driver
  readonly sessions: PeerSessions
}

/** @throws {InvalidOptionError} for members without distinct ids or positive weights, or that the strategy cannot take */
export function createDirection (init: DirectionInit): Direction {
  const { options, verify, timers = platformTimers } = init
  const admission = admissionOptions(options, options.limits)
  const engine = (init.engine ?? createEngine)({
    members: init.members,
    strategy: options.strategy ?? defaultStrategy(),
    strategyFailed: (method, error) => { driver.strategyFailed(method, error) },
    now: timers.now,
    randomSeed: init.randomSeed ?? Math.floor(Math.random() * 2 ** 32),
    seed: init.seed,
    limits: options.limits,
    hashes: verify.hashes,
    admission: admission != null,
    wantsEnds: whetherEndsAreHeard(init),
    tap: options.tap
  })
  const driver = createDriver({
    engine,
    verify,
    timers,
    admission,
    log: init.log,
    onEvent: init.onEvent,
    onEnded: init.onEnded,
    upstream: init.upstream
  })
  const sessions = createPeerSessions(init.downstream, { ...init.sessions, own: init.own, timers })

  return { engine, driver, sessions }
}

/** Policies that are told how wants end hear it always, others while they want to. */
function whetherEndsAreHeard ({ options: { policies = [] }, onEnded, wantsEnds }: DirectionInit): EngineInit['wantsEnds'] {
  if (policies.some(({ settled }) => settled != null)) {
    return
  }

  return onEnded == null ? () => false : wantsEnds
}
