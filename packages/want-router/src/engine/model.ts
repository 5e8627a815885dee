/**
 * What the engine knows of clients, wants, fetches, attempts and members: plain
 * records that refer to each other. Types only, so that every module of the engine
 * can name them; each record says which module writes it. `state.ts` holds them.
 */
import type { AskAgain } from './ask-again.ts'
import type { MemberHealth } from './health.ts'
import type { InLine, Line, Placed } from './line.ts'
import type { Addressee } from './outbox.ts'
import type { RecentKeys } from './recent-keys.ts'
import type { Replies, Reply } from './replies.ts'
import type { MemberTotals } from './status.ts'
import type { Timed } from './timers.ts'
import type { ByteWindow, LatencyEstimate, ReadWindow, SizeEstimate } from './windows.ts'
import type { AskType, Member, Outcome, Want } from '../strategies/strategy.ts'
import type { Capacity } from '../targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** A peer that wants blocks. All that it causes hangs here and goes with it. Written by `clients.ts` and `scheduler.ts`. */
export interface Client extends Timed, Placed<Client> {
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
  /** The cycle of the scheduler in which it began its last round. */
  cycle: number
  /** Bytes of that round that were left when it had nothing more to ask: until the cycle is over it may go on with them. */
  spare: number
  /** Its round has not ended, if only because windows were full: it goes on with that one. */
  inRound: boolean
  /** Members that could not take over what waits elsewhere, since its window is full; undefined: none. */
  passedOverBy: Set<EngineMember> | undefined

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
  /** Wants that it has brought since a flush, and how many flushes there had been by then. */
  brought: number
  broughtAfter: number
}

/** One entry of a client's wantlist, in the client's own words. Written by `wants.ts` and `deliveries.ts`. */
export interface ClientWant {
  readonly client: Client
  readonly key: WantKey
  /** Of its CID what stands before the multihash: see `cid-head.ts`. */
  readonly head: string
  /** Raw CID bytes, made when they are first read. */
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
  /** When it was first answered, perhaps with a presence; undefined until then. */
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

/** The members that a policy leaves a want, by their names. Made by `eligibility.ts`. */
export interface Eligible {
  /** The same for the same names. */
  readonly id: string
  readonly members: ReadonlySet<string>
  /** Nor is it served what others sent for others: it has its own fetch, which it shares with wants of the same set. */
  readonly strict: boolean
}

/** What a want has asked to be admitted for. Written by `admission.ts`. */
export interface AwaitedVerdict { readonly number: number, readonly type: AskType }

/** The one search for a block, which all its waiters share. */
export interface Fetch extends Want {
  /** Of the CID in the words of the first waiter what stands before the multihash. */
  readonly head: string
  /** Raw bytes of that CID, made when they are first read. */
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

/** A fetch that waits for a member's capacity; the numbers of those that came later are larger. */
export interface Backlog { readonly fetch: Fetch, readonly member: EngineMember, readonly client: Client, readonly number: number }

/** Members best first, of which those before `next` have been asked. */
export interface RememberedOrder { readonly version: number, readonly members: readonly EngineMember[], next: number }

/** What a member answered; it holds for as long as the member's epoch is the same. */
export interface Answer { readonly member: EngineMember, readonly what: AnswerKind, readonly epoch: number, readonly at: number }

/** What a member may have answered; `failed`: it did not. */
export type AnswerKind = 'have' | 'dont-have' | 'failed' | 'unknown'

/** One fetch asked of one member. Written by `attempts.ts`. */
export interface Attempt extends InLine<Attempt> {
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
export interface EngineMember extends Member, Timed, Addressee {
  weight: number
  baseWeight: number
  labels: Readonly<Record<string, string>>
  /** When its weight last changed, while that is less than it should be. */
  weighedAt: number
  state: 'up' | 'ejected' | 'draining'
  readonly load: { wants: number, bytes: number }
  full: boolean
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
  readonly open: Line<Attempt>
  /** Hedges open at it. */
  readonly hedges: Set<Attempt>
  /** Standing wants: it said DONT_HAVE and keeps them, so that a late block comes by itself. */
  readonly standing: Map<WantKey, Fetch>
  /** Clients that have a fetch backlogged at it, with their place in line, the first in line first. */
  readonly backlog: Map<Client, number>
  /** The number of the last backlogged fetch that it has looked at, to take it over. */
  lookedAt: number
  /** The number of the first of those that it could not take then; 0: it took what it could. */
  passedOver: number
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

/** How an attempt ended. */
export type AttemptResult = Outcome['result']
