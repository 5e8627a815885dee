/**
 * What the engine knows about clients, wants, fetches, attempts and members: plain
 * records that refer to each other. This file has only types, so that every module of the
 * engine can name them; each record says which modules write it. `state.ts` has the sets
 * of them.
 */
import type { AskAgain } from './ask-again.ts'
import type { MemberHealth } from './health.ts'
import type { InLine, Line, Placed } from './line.ts'
import type { Recipient } from './outbox.ts'
import type { RecentKeys } from './recent-keys.ts'
import type { Replies, Reply } from './replies.ts'
import type { MemberTotals } from './status.ts'
import type { Timed } from './timers.ts'
import type { ByteWindow, LatencyEstimate, ReadWindow, SizeEstimate } from './windows.ts'
import type { AskType, Member, Outcome, Want } from '../strategies/strategy.ts'
import type { Capacity } from '../targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** A peer that wants blocks. All that it causes is reachable from here and ends with it. Written by `clients.ts` and `scheduler.ts`. */
export interface Client extends Timed, Placed<Client> {
  readonly id: string
  /** The member that this client is; undefined: none. */
  member: EngineMember | undefined
  /** Its wants, the longest untouched first: the order in which they expire. */
  readonly wants: Set<ClientWant>
  /** The same wants by multihash; wants for several CIDs of one multihash are siblings. */
  readonly wantsByKey: Map<WantKey, ClientWant>
  /** Wants of silent connections, by CID: they wait for no fetch. */
  readonly suspended: Map<string, ClientWant>

  /** Wants whose fetch is queued. */
  readonly queue: Set<ClientWant>
  /** Backlogged fetches charged to it, by the member that has no capacity. */
  readonly backlogs: Map<EngineMember, Set<Fetch>>
  /** Exhausted fetches that will be asked again on its account; undefined: there were none yet. */
  askAgain: AskAgain<Fetch> | undefined
  /** Bytes that are left of its round. */
  deficit: number
  /** The scheduler's cycle in which its last round began. */
  cycle: number
  /** Bytes of that round that were left when it had nothing more to ask: it may use them until the cycle is over. */
  spare: number
  /** Its round has not ended, perhaps because windows were full: it continues that round. */
  inRound: boolean
  /** Members that could not take over what waits elsewhere, since its window is full; undefined: none. */
  passedOverBy: Set<EngineMember> | undefined

  readonly replies: Replies
  /** Attempts open at each member that are charged to it. */
  readonly openAt: Map<EngineMember, number>
  /** Expected bytes of those attempts. */
  inFlight: number
  /** The part of `inFlight` that is open at stalled members. */
  stalledBytes: number
  /** How many bytes may be in flight: more for a client that reads quickly. */
  readonly window: ReadWindow
  readonly blockSize: SizeEstimate
  /** When it last took something, or began to have something to take. */
  readAt: number
  /** When its last message came. */
  heardAt: number
  /** Wants that it has sent since a flush, and the number of that flush. */
  brought: number
  broughtAfter: number
}

/** One entry of a client's wantlist. Written by `wants.ts` and `deliveries.ts`. */
export interface ClientWant {
  readonly client: Client
  readonly key: WantKey
  /** The bytes of its CID before the multihash: see `cid-head.ts`. */
  readonly head: string
  /** Raw CID bytes, made when they are first read. */
  readonly cid: Uint8Array
  type: AskType
  priority: number
  sendDontHave: boolean
  /** HAVE has been sent or waits to be: it is never taken back once sent. */
  haveSent: boolean
  /** DONT_HAVE has been sent or waits to be: it is not repeated, though the want stays. */
  dontHaveSent: boolean
  /** The last presence, which may still wait to be sent. */
  presence: Reply | undefined
  askedAt: number
  /** When it first asked for the block; for a want-have, when it first asked for that, since a small block may answer it. */
  blockAskedAt: number
  /** When it was first answered, perhaps with a presence; undefined until then. */
  answeredAt: number | undefined
  expires: number
  /** The connection that it last came on. */
  connection: number | undefined
  fetch: Fetch
  /** The members that it may use; undefined: any. */
  only: Eligible | undefined
  /** The verdict that it waits for; undefined: none. */
  awaits: AwaitedVerdict | undefined
  /** The client's next want for the same multihash, under another CID. */
  sibling: ClientWant | undefined
  nextWaiter: ClientWant | undefined
  previousWaiter: ClientWant | undefined
}

/**
 * The states of a fetch. Only `fetches.ts` changes them, and the sets that mirror them:
 *
 * - `queued`: in the queue of each client that it owes something, until one of them has its round;
 * - `open`: asked of one member, perhaps with a hedge at another;
 * - `backlogged`: it has begun, and its next member has no capacity;
 * - `retrying`: an attempt ended without success; the fetch continues in the next flush, or when the retry budget allows;
 * - `exhausted`: every member that may be asked has answered; it waits for a late block, a recovery or its next ask;
 * - `parked`: a stand-in while its only want waits for a verdict: no other want can join it, and no member is asked for it;
 * - `satisfied`: all waiters have a HAVE and none wants the block.
 */
export type FetchState = 'parked' | 'queued' | 'open' | 'backlogged' | 'retrying' | 'exhausted' | 'satisfied'

/** The members to which a policy restricts a want, by name. Made by `eligibility.ts`. */
export interface Eligible {
  /** Equal for equal sets of names. */
  readonly id: string
  readonly members: ReadonlySet<string>
  /** Blocks of other members do not serve the want either: it has a fetch of its own, shared with wants of the same set. */
  readonly strict: boolean
}

/** The verdict that a want waits for, and the type that it asks for. Written by `admission.ts`. */
export interface AwaitedVerdict { readonly number: number, readonly type: AskType }

/** The one search for a block, which all its waiters share. */
export interface Fetch extends Want {
  /** The bytes before the multihash of the CID that the first waiter sent. */
  readonly head: string
  /** Raw bytes of that CID, made when they are first read. */
  readonly cid: Uint8Array
  /** The size of the block, bytes; undefined: no member has stated it with its HAVE. */
  size: number | undefined
  /** All waiters are strictly restricted to these members; undefined: the fetch that all other wants share. */
  readonly strict: Eligible | undefined
  /** Whether blocks can be verified. If not, no member is asked. */
  readonly verifiable: boolean
  type: AskType
  tries: number
  state: FetchState
  /** The first waiter; wants link to the next, so that any of them can leave at once. */
  first: ClientWant | undefined
  waiterCount: number
  /** How many of them are restricted. */
  restricted: number
  primary: Attempt | undefined
  hedge: Attempt | undefined
  /** At which member it is backlogged, and for which client. */
  backlog: Backlog | undefined
  /** On which client's account it will be asked again, and when. */
  askAgain: { readonly client: Client, readonly delay: number, readonly at: number } | undefined
  /** How many times in a row it was exhausted. */
  exhaustions: number
  /** With many members, the order in which the strategy ranked those still to be asked. */
  order: RememberedOrder | undefined
  /** What each member has answered, by member id. */
  answers: Answers | undefined
}

/** A fetch that waits for a member's capacity; numbers increase in the order in which fetches began to wait. */
export interface Backlog { readonly fetch: Fetch, readonly member: EngineMember, readonly client: Client, readonly number: number }

/** Members best first, of which those before `next` have been asked. */
export interface RememberedOrder { readonly version: number, readonly members: readonly EngineMember[], next: number }

/** What a member answered; it holds for as long as the member's epoch is the same. */
export interface Answer { readonly member: EngineMember, readonly what: AnswerKind, readonly epoch: number, readonly at: number }

/** Answers of several members, in the order in which these first answered. Read and changed by `answer-list.ts`. */
export type Answers = readonly Answer[] | Map<string, Answer>

/** What a member has answered; `failed`: it did not answer. */
export type AnswerKind = 'have' | 'dont-have' | 'failed' | 'unknown'

/** One fetch asked of one member. Written by `attempts.ts`. */
export interface Attempt extends InLine<Attempt> {
  readonly fetch: Fetch
  readonly member: EngineMember
  /** The client whose windows it is charged to. */
  client: Client
  /** What the member was asked for. */
  type: AskType
  /** When the member was asked for that, ms. */
  startedAt: number
  /** When its timeout started, ms: for a hedge, when it became the primary attempt. */
  timedFrom: number
  /** Bytes that it is expected to bring. */
  reservedBytes: number
  /** It began as a hedge, and still asks for a HAVE. */
  hedge: boolean
  /** A hedge was opened beside it, so the time that it takes is no sample of what is usual. */
  hedged: boolean
  /** The retry budget paid for it. */
  readonly retry: boolean
  /** How many times it was put into the outbox: an upgrade asks again. */
  asks: number
}

/** A member: what strategies see of it, and what it owes. Written by `attempts.ts`, `member-lifecycle.ts` and `membership.ts`. */
export interface EngineMember extends Member, Timed, Recipient {
  weight: number
  baseWeight: number
  labels: Readonly<Record<string, string>>
  /** When its weight was last set. */
  weighedAt: number
  state: 'up' | 'ejected' | 'draining'
  readonly load: { wants: number, bytes: number }
  full: boolean
  connected: boolean
  /** It is asked nothing new, and finishes what is open; what it holds is unknown. */
  draining: boolean
  /** Since when it has been down; undefined while connected. */
  downSince: number | undefined
  /** It has been down for so long that it no longer keeps a DONT_HAVE from being sent. */
  forgotten: boolean
  /** A number that no other member has or had: it tells a member from a removed one with the same id. */
  readonly generation: number
  /** Increases with every loss: what it answered before no longer counts. */
  epoch: number
  capacity: Capacity
  /** Primary attempts open at it, in the order of their timeouts. */
  readonly open: Line<Attempt>
  /** Hedges open at it. */
  readonly hedges: Set<Attempt>
  /** Wants that it keeps after its DONT_HAVE, so that it sends a late block by itself. */
  readonly standing: Map<WantKey, Fetch>
  /** Clients that have a fetch backlogged at it, with their places, in the order of the line. */
  readonly backlog: Map<Client, number>
  /** The number of the last backlogged fetch that it has considered taking over. */
  considered: number
  /** The number of the first fetch that it has passed over since; 0: none. */
  passedOver: number
  /** Keys that it was recently asked for. */
  readonly recent: RecentKeys
  readonly latency: LatencyEstimate
  readonly window: ByteWindow
  readonly health: MemberHealth
  /** When it last answered what it was asked. */
  lastProgress: number
  /** It owes something and is silent: others are asked first. */
  stalled: boolean
  pendingBytes: number
  why: string | undefined
  readonly totals: MemberTotals
}

/** How an attempt ended. */
export type AttemptResult = Outcome['result']
