import { seededRandom } from '../seeded-random.ts'
import { createAskBudget, createRetryBudget } from './budgets.ts'
import { createCandidates } from './candidates.ts'
import { guardedStrategy, tryStrategy } from './guarded-strategy.ts'
import { OPEN_INTAKE, PARKING_INTAKE } from './intake.ts'
import { createMember } from './members.ts'
import { checkMembers } from './membership.ts'
import { createOutbox } from './outbox.ts'
import { createReviews } from './reviews.ts'
import { createScheduler } from './rounds.ts'
import { noTotals } from './status.ts'
import { clientDue, memberDue } from './timeouts.ts'
import { createTimers } from './timers.ts'
import { verifiableBy } from './verifiability.ts'
import { quantileEstimate } from './windows.ts'
import type { EngineInit } from './engine-init.ts'
import type { Client, EngineMember } from './model.ts'
import type { State } from './state.ts'
import type { Limits } from '../defaults.ts'
import type { Totals } from './status.ts'
import type { Strategy } from '../strategies/strategy.ts'

/**
 * Makes the state of an engine that has had no input.
 *
 * @throws {InvalidOptionError} for members without distinct ids or positive weights, or that the strategy cannot take
 */
export function initialState (init: EngineInit, limits: Limits, now: () => number): State {
  checkMembers(init.members)
  tryStrategy(init.strategy, init.members)
  const totals = noTotals()
  const start = now()

  const state: State = {
    limits,
    now,
    verifiable: verifiableBy(init.hashes),
    seed: init.seed,
    strategy: createStrategy(init, now, totals),
    tryStrategy (members) { tryStrategy(init.strategy, members) },
    intake: init.admission === true ? PARKING_INTAKE : OPEN_INTAKE,
    clients: new Map(),
    clientTimers: createTimers<Client>(client => clientDue(state, client)),
    wants: 0,
    unsent: 0,
    unread: new Set(),
    members: new Map(init.members.map((member, i) => [member.id, createMember(member, limits, start, i + 1)])),
    generations: init.members.length,
    emptying: new Set(),
    departedUntil: undefined,
    departed: new Set(),
    memberTimers: createTimers<EngineMember>(member => memberDue(state, member)),
    memberCounts: { askable: 0, healthy: 0, withPlace: 0 },
    memberOf: new Map(),
    memberClients: new Set(),
    standIns: new Map(),
    membersChanged: true,
    membersVersion: 0,
    fetches: { all: new Map(), strict: new Map(), continuing: new Set(), delayed: new Set(), exhausted: new Set(), satisfied: 0 },
    candidates: createCandidates(),
    scheduler: createScheduler(),
    hedgeable: new Set(),
    haveDelay: quantileEstimate(1 - limits.hedgeShare),
    retryBudget: createRetryBudget(limits, start),
    askAgainBudget: createAskBudget(start),
    askingAgain: new Set(),
    reviews: createReviews(),
    inFlight: 0,
    outbox: createOutbox(),
    parked: { wants: 0, lastNumber: 0, asks: new Map() },
    ends: [],
    wantsEnds: init.tap == null && init.wantsEnds != null ? init.wantsEnds : always,
    attemptListeners: [],
    dirty: false,
    draining: false,
    flushes: 0,
    peaks: { rankings: 0, wants: 0 },
    totals
  }

  for (const member of state.members.values()) {
    state.memberTimers.touch(member)
  }

  return state
}

function createStrategy (init: EngineInit, now: () => number, totals: Totals): Strategy {
  const told = new Set<string>()
  const strategy = init.strategy({ now, random: seededRandom(init.randomSeed), seed: init.seed })

  return guardedStrategy(strategy, (method, error) => {
    totals.strategyErrors++

    // only the first error of each method: there may be one for each want
    if (!told.has(method)) {
      told.add(method)
      init.strategyFailed?.(method, error)
    }
  })
}

function always (): boolean {
  return true
}
