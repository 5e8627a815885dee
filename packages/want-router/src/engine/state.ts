/**
 * Everything that an engine keeps, and the sets that mirror it. Only types, as in
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

/** The whole state of an engine; the modules beside this one are functions over it. */
export interface State {
  readonly limits: Limits
  now (): number
  /** Whether a block could be verified against a key. */
  verifiable (key: WantKey): boolean
  readonly seed: number
  readonly strategy: Strategy
  /**
   * Checks whether the strategy can take such members.
   *
   * @throws {InvalidOptionError} it cannot
   */
  tryStrategy (members: readonly MemberInit[]): void
  /** What happens to wants that are new, or ask for more. */
  readonly intake: Intake

  readonly clients: Map<string, Client>
  readonly clientTimers: Timers<Client>
  /** How many wants all clients have. */
  wants: number
  /** Bytes that wait for all clients. */
  unsent: number
  /** Clients that have something unsent; the client that took nothing for the longest time is the first. */
  readonly unread: Set<Client>

  readonly members: Map<string, EngineMember>
  /** The last generation that a member was given. */
  generations: number
  /** Draining members for which `drained` has not been reported yet. */
  readonly emptying: Set<EngineMember>
  /** Until when removed members keep a DONT_HAVE from being sent, ms; undefined: none does. */
  departedUntil: number | undefined
  /** Names of those. */
  readonly departed: Set<string>
  readonly memberTimers: Timers<EngineMember>
  readonly memberCounts: MemberCounts
  /** Members by the peer id that each last had. */
  readonly memberOf: Map<string, EngineMember>
  /** Clients that are members. */
  readonly memberClients: Set<Client>
  /** For clients that say they ask on behalf of a peer, that peer. */
  readonly standIns: Map<string, string>
  /** The set of connected members, a weight or a state has changed since the strategy was last told. */
  membersChanged: boolean
  /** Increases whenever the strategy is told: a remembered order of members is then out of date. */
  membersVersion: number

  readonly fetches: FetchSets
  /** Serves one pick at a time. */
  readonly candidates: Candidates
  readonly scheduler: Scheduler
  /** Want-haves open at one member only, the oldest first. */
  readonly hedgeable: Set<Attempt>
  /** The time within which want-haves are answered, except for the slowest share. */
  readonly haveDelay: QuantileEstimate
  readonly retryBudget: RetryBudget
  readonly askAgainBudget: AskBudget
  /** Clients with fetches that are due to be asked again, in the order in which they are served. */
  readonly askingAgain: Set<Client>
  /** Walks over exhausted fetches, a slice with each flush. */
  readonly reviews: Reviews<Fetch>
  /** Expected bytes open at all members. */
  inFlight: number

  readonly outbox: Outbox<EngineMember, Client>
  /** Wants that wait for a verdict, and those that the next flush asks about. */
  readonly parked: Parked
  /** Wants that have ended since the last flush, while ends are reported. */
  ends: WantEnd[]
  /** Something has happened since the last flush that the next may have to act on. Written by `engine.ts`. */
  dirty: boolean
  wantsEnds (): boolean
  /** Called with the outcome of each attempt, after the strategy. */
  readonly attemptListeners: Array<(outcome: Outcome) => void>
  draining: boolean
  /** Flushes since the start. */
  flushes: number
  readonly peaks: Peaks
  readonly totals: Totals
}

/** The members that may be asked for one fetch, best first. */
export interface Candidates {
  /** Starts over for another fetch. */
  of (state: State, fetch: Fetch): Candidates
  /** The next member; undefined: there is none. */
  pull (): EngineMember | undefined
  /** Ends the pick. */
  close (): void
}

/** How the wants of a message are taken in: see `intake.ts`. */
export interface Intake {
  /** Takes a want that the client does not have. */
  begin (state: State, client: Client, key: WantKey, entry: WantEntry, connection: number | undefined): void
  /** Takes a want that the client has, and repeats. */
  repeat (state: State, want: ClientWant, entry: WantEntry, connection: number | undefined): void
}

/** Wants that wait for a verdict. Written by `admission.ts`, except `wants`, which `fetches.ts` writes. */
export interface Parked {
  /** Parked fetches, each of one want. */
  wants: number
  /** The number of the last verdict that was asked for. */
  lastNumber: number
  /** What the next flush asks verdicts for, by client. */
  readonly asks: Map<string, VerdictAsk[]>
}

/** How many members are in which condition. Written by `members.ts`, so that no decision has to count members. */
export interface MemberCounts {
  /** Connected and not draining. */
  askable: number
  /** Those of them that are not ejected. */
  healthy: number
  /** Askable members that have a place for one more want. */
  withPlace: number
}

/** All fetches, and those in states that something walks through. Written by `fetches.ts`. */
export interface FetchSets {
  /** By multihash; strict ones by the key of `fetchName`. */
  readonly all: Map<string, Fetch>
  /** The strict ones by multihash. */
  readonly strict: Map<WantKey, Set<Fetch>>
  /** Retrying, and will continue in the next flush. */
  readonly continuing: Set<Fetch>
  /** Retrying, and will continue when the retry budget allows. */
  readonly delayed: Set<Fetch>
  readonly exhausted: Set<Fetch>
  satisfied: number
}

/** All backlogged fetches, in order. */
export interface Backlogs {
  /** How many wait. */
  readonly size: number
  /** The number of the last one that joined; numbers increase. */
  readonly last: number
  add (backlog: Omit<Backlog, 'number'>): Backlog
  /** Notes that a fetch no longer waits in the backlog that was added for it. */
  leave (): void
  /** The first with a larger number. */
  after (number: number): Backlog | undefined
}

/** The lines of clients that wait to be served: a client stands in at most one. Written by `rounds.ts` and `scheduler.ts`. */
export interface Scheduler {
  /** Clients that have something to ask, in line for a round; they do not wait for capacity. */
  readonly ready: Line<Client>
  /** Clients like those that are new to this cycle, or have not used up their round of it: they go first. */
  readonly newToCycle: Line<Client>
  /** Clients for whose next want no member had a free place. */
  readonly needPlaces: Line<Client>
  /** Clients like those that go first. */
  readonly needPlacesFirst: Line<Client>
  /** Clients for whose next want no member had capacity of bytes. */
  readonly needBytes: Line<Client>
  /** Clients with nothing in flight or unsent that are held up by what waits for other clients. */
  readonly needMemory: Line<Client>
  /** The place of the next client that gets in line; places increase. */
  nextInLine: number
  /** All fetches that wait for the capacity of a member. */
  readonly backlogs: Backlogs
  /** Increases when a client begins a second round in a cycle: by then all that stood in line before it have had theirs. */
  cycle: number
  /** Members that have a backlog and may have capacity again. */
  readonly freed: Set<EngineMember>
  /** Members that may have capacity again, and may take over fetches that wait elsewhere. */
  readonly takeoverMembers: Set<EngineMember>
  /** Clients with nothing in flight or unsent whose fetches members have passed over, only because of what waits for other clients. */
  readonly needMemoryForTakeover: Set<Client>
  /** Some capacity was freed since waiting clients were last tried. */
  capacityFreed: boolean
  memoryFreed: boolean
  /** Rankings that this flush may still ask for. */
  picks: number
  /** Backlogged fetches that members may still consider taking over in this flush. */
  considerations: number
  /** This flush has used those up: the next one continues. */
  unfinished: boolean
}
