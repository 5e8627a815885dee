/**
 * What the engine knows: plain records that refer to each other. Types only, so
 * that every module of the engine can name them; each record says which module
 * writes it.
 */
import type { AskAgain } from './ask-again.ts'
import type { AskBudget, RetryBudget } from './budgets.ts'
import type { MemberHealth } from './health.ts'
import type { VerdictAsk } from './io.ts'
import type { Outbox } from './outbox.ts'
import type { RecentKeys } from './recent-keys.ts'
import type { Replies, Reply } from './replies.ts'
import type { Reviews } from './reviews.ts'
import type { MemberTotals, Totals, WantEnd } from './status.ts'
import type { Timed, Timers } from './timers.ts'
import type { ByteWindow, LatencyEstimate, QuantileEstimate, ReadWindow, SizeEstimate } from './windows.ts'
import type { Limits } from '../defaults.ts'
import type { AskType, Member, Outcome, Strategy, Want } from '../strategies/strategy.ts'
import type { Capacity, MemberInit } from '../targets/target.ts'
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
  /** What becomes of wants that are new, or ask for more. */
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
  /** Wants that have ended since the last flush. */
  ends: WantEnd[]
  draining: boolean
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

/** A peer that wants blocks. All that it causes hangs here and goes with it. Written by `clients.ts` and `scheduler.ts`. */
export interface Client extends Timed {
  readonly id: string
  /** The member that this client is, if it is one. */
  member: EngineMember | undefined
  /** Its wants, the longest untouched first: the order in which they expire. */
  readonly wants: Set<ClientWant>
  /** The same by multihash; several CIDs of one are siblings. */
  readonly wantsByKey: Map<WantKey, ClientWant>
  /** Wants of connections that have fallen silent, by their CIDs: they wait for no fetch. */
  readonly suspended: Map<string, ClientWant>

  /** Wants whose fetch is queued. */
  readonly queue: Set<ClientWant>
  /** Backlogged fetches charged to it, by the member that has no capacity. */
  readonly backlogs: Map<EngineMember, Set<Fetch>>
  /** Exhausted fetches that it will have asked again. */
  askAgain: AskAgain<Fetch> | undefined
  /** Bytes left of its round. */
  deficit: number
  /** Its round has not ended, if only because windows were full: it goes on with that one. */
  inRound: boolean

  readonly replies: Replies
  /** Attempts open at each member that are charged to it. */
  readonly openAt: Map<EngineMember, number>
  /** Expected bytes of those. */
  inFlight: number
  /** Those of them that are open at stalled members. */
  stalledBytes: number
  /** How much may be on its way: more for a client that reads quickly. */
  readonly window: ReadWindow
  readonly blockSize: SizeEstimate
  /** When it last took something, or began to have something to take. */
  readAt: number
  /** When its last message came. */
  heardAt: number
}

/** One entry of a client's wantlist, in the client's own words. Written by `wants.ts` and `deliveries.ts`. */
export interface ClientWant {
  readonly client: Client
  readonly key: WantKey
  /** Raw CID bytes, a copy of our own. */
  readonly cid: Uint8Array
  type: AskType
  priority: number
  sendDontHave: boolean
  /** HAVE has been said: it is never taken back. */
  haveSent: boolean
  /** DONT_HAVE has been said: not again, though the want stays. */
  dontHaveSent: boolean
  /** What was said last, which may still wait to be sent. */
  presence: Reply | undefined
  askedAt: number
  /** When it first asked for the block, or else for whatever it asks for: a small block may answer a want-have. */
  blockAskedAt: number
  /** When it was first answered, be it with a presence; undefined until then. */
  answeredAt: number | undefined
  expires: number
  /** The connection on which it came last. */
  connection: number | undefined
  fetch: Fetch
  /** The members that it may use; undefined: all. */
  only: Eligible | undefined
  /** The verdict that it waits for; undefined: none. */
  awaits: AwaitedVerdict | undefined
  /** The same multihash wanted by the same client under another CID. */
  sibling: ClientWant | undefined
  nextWaiter: ClientWant | undefined
  previousWaiter: ClientWant | undefined
}

/**
 * The states of a fetch, of which `parked` is not one that can be joined. `fetches.ts` alone moves a fetch from one to another,
 * and keeps the sets that mirror them:
 *
 * - `queued`: in the queue of each client that it owes something, until one of them has its round;
 * - `open`: asked of one member, perhaps with a hedge at another;
 * - `backlogged`: it has begun, and its next member has no capacity;
 * - `retrying`: an attempt came to nothing; it goes on in the next flush, or when the retry budget allows;
 * - `exhausted`: every member that may be asked has answered; waits for a late block, a recovery, or to be asked again;
 * - `parked`: stands in for a fetch while its one want waits for a verdict, and is asked of no member;
 * - `satisfied`: all waiters have a HAVE and none wants the block.
 */
export type FetchState = 'parked' | 'queued' | 'open' | 'backlogged' | 'retrying' | 'exhausted' | 'satisfied'

/** How a message's wants enter: see `intake.ts`. */
export interface Intake {
  /** A want that its client does not have. */
  begin (state: State, client: Client, key: WantKey, entry: WantEntry, connection: number | undefined): void
  /** One that it has, asked for again. */
  repeat (state: State, want: ClientWant, entry: WantEntry, connection: number | undefined): void
}

/** The members that a policy leaves a want, by their names. Made by `eligibility.ts`. */
export interface Eligible {
  /** The same for the same names. */
  readonly id: string
  readonly members: ReadonlySet<string>
  /** Nor is it served what others sent for others: it has a fetch of its own, which it shares with wants of the same set. */
  readonly strict: boolean
}

/** What a want has asked to be admitted for. Written by `admission.ts`. */
export interface AwaitedVerdict { readonly number: number, readonly type: AskType }

/** Written by `admission.ts`, but for `wants`, which `fetches.ts` keeps up. */
export interface Parked {
  /** Parked fetches, each of one want. */
  wants: number
  /** The number of the verdict that was asked for last. */
  lastNumber: number
  /** What the next flush asks verdicts for, by client. */
  readonly asks: Map<string, VerdictAsk[]>
}

/** The one search for a block, whoever waits for it. */
export interface Fetch extends Want {
  /** Raw CID bytes in the words of the first waiter. */
  readonly cid: Uint8Array
  /** Of the block, where a member has said it with its HAVE, bytes. */
  size: number | undefined
  /** All that wait for it are restricted to these members, strictly; undefined: it is the one that others share. */
  readonly strict: Eligible | undefined
  /** If not, whatever a member sends is of no use: no member is asked. */
  readonly verifiable: boolean
  type: AskType
  tries: number
  state: FetchState
  /** The waiters: a list threaded through the wants, so that any leaves at once. */
  first: ClientWant | undefined
  waiterCount: number
  /** Of those, the ones that may not use all members. */
  restricted: number
  primary: Attempt | undefined
  hedge: Attempt | undefined
  /** Where it is backlogged, and for which client. */
  backlog: Backlog | undefined
  /** Which client will have it asked again, and when. */
  askAgain: { readonly client: Client, readonly delay: number, readonly at: number } | undefined
  /** How often in a row it was exhausted. */
  exhaustions: number
  /** Members still to be asked, as the strategy ordered them when there were many. */
  order: RememberedOrder | undefined
  /** What each member has answered, by member id. */
  answers: Map<string, Answer> | undefined
}

export interface Backlog { readonly member: EngineMember, readonly client: Client }

/** Members best first, of which those before `next` have been asked. */
export interface RememberedOrder { readonly version: number, readonly members: readonly EngineMember[], next: number }

/** What a member answered; it holds for as long as the member's epoch is the same. */
export interface Answer { readonly member: EngineMember, readonly what: AnswerKind, readonly epoch: number, readonly at: number }

export type AnswerKind = 'have' | 'dont-have' | 'failed' | 'unknown'

/** One fetch asked of one member. Written by `attempts.ts`. */
export interface Attempt {
  readonly fetch: Fetch
  readonly member: EngineMember
  /** The client whose windows it is charged to. */
  client: Client
  /** What the member was asked for. */
  type: AskType
  /** When it was asked for that, ms. */
  startedAt: number
  /** Since when its timeout runs, ms: for a hedge since it became the primary attempt. */
  timedFrom: number
  /** Bytes that it is expected to bring. */
  reservedBytes: number
  /** It began beside another attempt, and asks for what it asked then. */
  hedge: boolean
  /** A hedge was opened beside it, so the time it takes tells nothing of what is usual. */
  hedged: boolean
  /** The retry budget paid for it. */
  readonly retry: boolean
  /** How often it was put into the outbox: an upgrade asks again. */
  asks: number
}

/** What can be asked: what strategies see of it, and what it owes. Written by `attempts.ts`, `member-lifecycle.ts` and `membership.ts`. */
export interface EngineMember extends Member, Timed {
  weight: number
  baseWeight: number
  labels: Readonly<Record<string, string>>
  /** When its weight last changed, while that is less than it should be. */
  weighedAt: number
  state: 'up' | 'ejected' | 'draining'
  readonly load: { wants: number, bytes: number }
  connected: boolean
  /** It finishes what is open and is asked nothing new; what it holds is unknown. */
  draining: boolean
  /** Since when it has been down; undefined while connected. */
  downSince: number | undefined
  /** Its time of being down no longer counts against a DONT_HAVE. */
  forgotten: boolean
  /** A number that no other member has or had: one that is removed and one that is added under its id are two. */
  readonly generation: number
  /** Rises with every loss: what it answered before is no longer known. */
  epoch: number
  capacity: Capacity
  /** Primary attempts open at it, in the order in which they time out. */
  readonly open: Set<Attempt>
  /** Hedges open at it. */
  readonly hedges: Set<Attempt>
  /** Standing wants: it said DONT_HAVE and keeps them, so that a late block comes by itself. */
  readonly standing: Map<WantKey, Fetch>
  /** Clients that have a fetch backlogged at it, with their place in line, the first in line first. */
  readonly backlog: Map<Client, number>
  /** Keys that it was lately asked for. */
  readonly recent: RecentKeys
  readonly latency: LatencyEstimate
  readonly window: ByteWindow
  readonly health: MemberHealth
  /** When it last delivered or answered anything. */
  lastProgress: number
  /** It owes something and is silent: others are asked first. */
  stalled: boolean
  pendingBytes: number
  why: string | undefined
  readonly totals: MemberTotals
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

/** Who is to be served next. Written by `scheduler.ts`. */
export interface Scheduler {
  /** Clients that have something to ask and were not yet found without capacity, in turn. */
  readonly ready: Set<Client>
  /** Clients for whose next want no member had a place, with their place in line, the first in line first. */
  readonly needPlaces: Map<Client, number>
  /** Clients for whose next want no member had bytes left. */
  readonly needBytes: Set<Client>
  /** Clients with nothing on their way that are held up by what waits for others. */
  readonly needMemory: Set<Client>
  /** The next place in line; they only grow. */
  nextInLine: number
  /** Members that have a backlog, and have got capacity. */
  readonly freed: Set<EngineMember>
  /** Some capacity has come back since the waiting clients were last tried. */
  capacityFreed: boolean
  memoryFreed: boolean
  /** Rankings that this flush may still ask for. */
  picks: number
  /** What there was to do went beyond that: the next flush goes on. */
  unfinished: boolean
}

export type AttemptResult = Outcome['result']
