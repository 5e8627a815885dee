import { InvalidOptionError } from '../errors.ts'
import { seededRandom } from '../seeded-random.ts'
import { guardedStrategy, tryStrategy } from './guarded-strategy.ts'
import { engineMember } from './members.ts'
import { MAX_PRIORITY, TRICKLE } from './state.ts'
import { verifiableBy } from './verifiable.ts'
import { quantileEstimate } from './windows.ts'
import type { EngineInit } from './engine.ts'
import type { Totals } from './io.ts'
import type { EngineMember } from './members.ts'
import type { State } from './state.ts'
import type { Limits } from '../defaults.ts'

/** An engine's state before anything has happened. */
export function initialState (init: EngineInit, limits: Limits, now: () => number): State {
  const members = new Map<string, EngineMember>()
  for (const member of init.members) {
    if (members.has(member.id)) {
      throw new InvalidOptionError(`two members are called "${member.id}": give each target a name of its own`)
    }
    if (member.weight != null && !(member.weight > 0 && member.weight < Infinity)) {
      throw new InvalidOptionError(`member "${member.id}" has weight ${member.weight}: a weight is a number above 0`)
    }
    members.set(member.id, engineMember(member, limits, now()))
  }
  tryStrategy(init.strategy, init.members)
  const totals = noTotals()
  const told = new Set<string>()
  const strategy = guardedStrategy(init.strategy({ now, random: seededRandom(init.randomSeed), seed: init.seed }), (method, error) => {
    totals.strategyErrors++
    // the first of a kind is enough: there may be one for each want
    if (!told.has(method)) {
      told.add(method)
      init.strategyFailed?.(method, error)
    }
  })
  return {
    limits,
    now,
    verifiable: verifiableBy(init.hashes),
    seed: init.seed,
    strategy,
    members,
    peers: new Map(),
    memberOf: new Map(),
    memberPeers: new Set(),
    standIns: new Map(),
    routes: new Map(),
    turns: new Set(),
    retries: new Set(),
    delayed: new Set(),
    hedgeable: new Set(),
    haveDelay: quantileEstimate(1 - limits.hedgeShare),
    idle: new Set(),
    retryTokens: TRICKLE,
    inFlight: 0,
    unsent: 0,
    short: false,
    nextPriority: MAX_PRIORITY,
    outbox: new Map(),
    readyPeers: new Set(),
    closing: new Map(),
    resets: new Map(),
    membersChanged: true,
    lastSweep: now(),
    draining: false,
    totals
  }
}

function noTotals (): Totals {
  return {
    wants: 0,
    cancels: 0,
    badWants: 0,
    unverifiableWants: 0,
    coalesced: 0,
    blocksSent: 0,
    bytesSent: 0,
    havesSent: 0,
    dontHavesSent: 0,
    retries: 0,
    hedges: 0,
    evicted: 0,
    expired: 0,
    copiesLost: 0,
    closedUnread: 0,
    strategyErrors: 0
  }
}
