/**
 * All that an engine holds, and the sets that mirror it. Types only, as in
 * `model.ts`; each record says which module writes it.
 */
import type { AskBudget, RetryBudget } from './budgets.ts'
import type { VerdictAsk } from './io.ts'
import type { Line } from './line.ts'
import type { Attempt, Backlog, Client, ClientWant, EngineMember, Fetch } from './model.ts'
import type { Outbox } from './outbox.ts'
import type { Reviews } from './reviews.ts'
import type { Peaks, Totals, WantEnd } from './status.ts'
import type { Timers } from './timers.ts'
import type { QuantileEstimate } from './windows.ts'
import type { Limits } from '../defaults.ts'
import type { Outcome, Strategy } from '../strategies/strategy.ts'
import type { MemberInit } from '../targets/target.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** Everything; the modules beside this one are functions over it. */
export interface State {
  readonly limits: Limits
  now (): number
  /** Whether a block could be verified against a key. */
  verifiable (key: WantKey): boolean
  readonly seed: number
  readonly strategy: Strategy
  /**
   * Whether the strategy can take such members.
   *
   * @throws {InvalidOptionError} it cannot
   */
  tryStrategy (members: readonly MemberInit[]): void
  /** What happens to wants that are new, or ask for more. */
  readonly intake: Intake

  readonly clients: Map<string, Client>
  readonly clientTimers: Timers<Client>
  /** Wants of all clients. */
  wants: number
  /** Bytes that wait for all clients. */
  unsent: number
  /** Clients that have something unsent; the one that took nothing for the longest time is the first. */
  readonly unread: Set<Client>

  readonly members: Map<string, EngineMember>
  /** The last generation that a member was given. */
  generations: number
  /** Draining members of which it has not been told yet that nothing is open at them. */
  readonly emptying: Set<EngineMember>
  /** Until when members that were removed keep a DONT_HAVE from being sent, ms; undefined: they do not. */
  departedUntil: number | undefined
  /** Names of those. */
  readonly departed: Set<string>
  readonly memberTimers: Timers<EngineMember>
  readonly memberCounts: MemberCounts
  /** Members by the peer id that each had last. */
  readonly memberOf: Map<string, EngineMember>
  /** Clients that are members. */
  readonly memberClients: Set<Client>
  /** The peers that some clients say they ask for. */
  readonly standIns: Map<string, string>
  /** Connected members, their weights or their states changed. */
  membersChanged: boolean
  /** Rises whenever the strategy is told: an order of members that was remembered is out of date. */
  membersVersion: number

  readonly fetches: FetchSets
  /** For one pick at a time. */
  readonly candidates: Candidates
  readonly scheduler: Scheduler
  /** Want-haves open at one member only, the oldest first. */
  readonly hedgeable: Set<Attempt>
  /** How long an answer to a want-have takes, but for the slowest share. */
  readonly haveDelay: QuantileEstimate
  readonly retryBudget: RetryBudget
  readonly askAgainBudget: AskBudget
  /** Clients that have fetches due to be asked again, served in rounds. */
  readonly askingAgain: Set<Client>
  /** Walks over what is exhausted, a slice a flush. */
  readonly reviews: Reviews<Fetch>
  /** Expected bytes open at all members. */
  inFlight: number

  readonly outbox: Outbox<EngineMember, Client>
  /** Wants that wait for a verdict, and those of which the next flush says so. */
  readonly parked: Parked
  /** Wants that have ended since the last flush, while that is to be told. */
  ends: WantEnd[]
  /** Something has happened since the last flush that it may have to carry out. Written by `engine.ts`. */
  dirty: boolean
  wantsEnds (): boolean
  /** Told how each attempt ended, after the strategy. */
  readonly attemptListeners: Array<(outcome: Outcome) => void>
  draining: boolean
  /** Flushes since the start. */
  flushes: number
  readonly peaks: Peaks
  readonly totals: Totals
}

/** The members that may be asked for one fetch, best first. */
export interface Candidates {
  /** Those for another fetch, from the first. */
  of (state: State, fetch: Fetch): Candidates
  /** The next; undefined: there are no more. */
  pull (): EngineMember | undefined
  /** No more are wanted. */
  close (): void
}

/** How a message's wants enter: see `intake.ts`. */
export interface Intake {
  /** A want that its client does not have. */
  begin (state: State, client: Client, key: WantKey, entry: WantEntry, connection: number | undefined): void
  /** One that it has, asked for again. */
  repeat (state: State, want: ClientWant, entry: WantEntry, connection: number | undefined): void
}

/** Written by `admission.ts`, but for `wants`, which `fetches.ts` keeps up. */
export interface Parked {
  /** Parked fetches, each of one want. */
  wants: number
  /** The number of the verdict that was asked for last. */
  lastNumber: number
  /** What the next flush asks verdicts for, by client. */
  readonly asks: Map<string, VerdictAsk[]>
}

/** Kept up by `members.ts`, so that no decision counts members. */
export interface MemberCounts {
  /** Connected and not draining. */
  askable: number
  /** Of those the ones that are not ejected. */
  healthy: number
  /** Of the askable ones those able to take one more want. */
  withPlace: number
}

/** All fetches, and those in states that something walks through. Written by `fetches.ts`. */
export interface FetchSets {
  /** By multihash, and strict ones by a longer name. */
  readonly all: Map<string, Fetch>
  /** The strict ones by multihash. */
  readonly strict: Map<WantKey, Set<Fetch>>
  /** Retrying: to go on in the next flush. */
  readonly goingOn: Set<Fetch>
  /** Retrying: to go on when the retry budget allows. */
  readonly delayed: Set<Fetch>
  readonly exhausted: Set<Fetch>
  satisfied: number
}

/** Everything that is backlogged, in order. */
export interface Backlogs {
  /** How many wait. */
  readonly size: number
  /** The number of the last that joined; they only grow. */
  readonly last: number
  add (backlog: Omit<Backlog, 'number'>): Backlog
  /** One that was added is no longer its fetch's. */
  leave (): void
  /** The first with a larger number. */
  after (number: number): Backlog | undefined
}

/** Clients in line to be served: a client stands in one of these lines at most. Written by `scheduler.ts`. */
export interface Scheduler {
  /** Clients that have something to ask and were not yet found without capacity, in line for a round. */
  readonly ready: Line<Client>
  /** Those of them that are new to this cycle, or have not used up their round of it: they go first. */
  readonly newToCycle: Line<Client>
  /** Clients for whose next want no member had a place. */
  readonly needPlaces: Line<Client>
  /** Those of them that go first. */
  readonly needPlacesFirst: Line<Client>
  /** Clients for whose next want no member had bytes left. */
  readonly needBytes: Line<Client>
  /** Clients with nothing on their way that are held up by what waits for others. */
  readonly needMemory: Line<Client>
  /** The next place in line; they only grow. */
  nextInLine: number
  /** All fetches that wait for the capacity of a member. */
  readonly backlogs: Backlogs
  /** Goes up when a client begins a second round in it: by then all that were in line before have had theirs. */
  cycle: number
  /** Members that have a backlog, and have got capacity. */
  readonly freed: Set<EngineMember>
  /** Members that have got capacity since, and may take over what waits elsewhere. */
  readonly takers: Set<EngineMember>
  /** Clients with nothing on their way in whose windows others hold up what a member would take over. */
  readonly passedOverForMemory: Set<Client>
  /** Some capacity has come back since the waiting clients were last tried. */
  capacityFreed: boolean
  memoryFreed: boolean
  /** Rankings that this flush may still ask for. */
  picks: number
  /** Backlogged fetches that members may still look at in this flush. */
  looks: number
  /** What there was to do went beyond that: the next flush goes on. */
  unfinished: boolean
}
