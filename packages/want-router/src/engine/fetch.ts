/** A fetch as a record: who waits for it and what members have answered. Its states are in `fetches.ts`. */
import { addAnswer, countAnswers, findAnswer, removeAnswer } from './answer-list.ts'
import { cidOf } from './cid-head.ts'
import { isAskable } from './members.ts'
import type { Answer, AnswerKind, Answers, Attempt, Backlog, ClientWant, Eligible, EngineMember, Fetch, FetchState, RememberedOrder } from './model.ts'
import type { AskType } from '../strategies/strategy.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** A class: strategies call its methods, and its CID is made when it is first read. */
class FetchRecord implements Fetch {
  readonly key: WantKey
  readonly hash: number
  readonly head: string
  #cid: Uint8Array | undefined = undefined
  readonly verifiable: boolean
  readonly strict: Eligible | undefined
  type: AskType = 'have'
  tries = 0
  size: number | undefined = undefined
  state: FetchState = 'queued'
  first: ClientWant | undefined = undefined
  waiterCount = 0
  restricted = 0
  primary: Attempt | undefined = undefined
  hedge: Attempt | undefined = undefined
  backlog: Backlog | undefined = undefined
  askAgain: Fetch['askAgain'] = undefined
  exhaustions = 0
  order: RememberedOrder | undefined = undefined
  answers: Answers | undefined = undefined

  constructor (key: WantKey, hash: number, head: string, verifiable: boolean, strict: Eligible | undefined) {
    this.key = key
    this.hash = hash
    this.head = head
    this.verifiable = verifiable
    this.strict = strict
  }

  get cid (): Uint8Array {
    this.#cid ??= this.first?.head === this.head ? this.first.cid : cidOf(this.head, this.key)

    return this.#cid
  }

  get client (): string {
    return this.first?.client.id ?? ''
  }

  /** What strategies learn of a member's answer: `unknown` tells them nothing. */
  said (id: string): 'have' | 'dont-have' | 'failed' | undefined {
    const answer = findAnswer(this.answers, id)

    if (answer != null && answer.epoch === answer.member.epoch && answer.what !== 'unknown') {
      return answer.what
    }
  }
}

/** Makes a fetch that has no waiter yet. */
export function createFetch (key: WantKey, hash: number, head: string, verifiable: boolean, strict?: Eligible): Fetch {
  return new FetchRecord(key, hash, head, verifiable, strict)
}

/** What a member answered last, unless it has been down since. The answer of an earlier member with the same id does not count. */
export function answerOf ({ answers }: Fetch, member: EngineMember): Answer | undefined {
  const answer = findAnswer(answers, member.id)

  return answer?.member === member && answer.epoch === member.epoch ? answer : undefined
}

/** Notes what a member has answered. */
export function noteAnswer (fetch: Fetch, member: EngineMember, what: AnswerKind, at: number): void {
  fetch.answers = addAnswer(fetch.answers, { member, what, epoch: member.epoch, at })
}

/** Forgets a member's answer, so that it may be asked again. */
export function forgetAnswer (fetch: Fetch, member: EngineMember): void {
  fetch.answers = removeAnswer(fetch.answers, member.id)
}

/** Whether no member has answered. */
export function isFresh ({ answers }: Fetch): boolean {
  return countAnswers(answers) === 0
}

const NO_MEMBERS: readonly EngineMember[] = []

/** Members that have answered, before or after they were last down: a copy, as answers may be forgotten while it is read. */
export function answeredMembers ({ answers }: Fetch): readonly EngineMember[] {
  if (answers == null) {
    return NO_MEMBERS
  }

  const members: EngineMember[] = []

  for (const { member } of answers.values()) {
    members.push(member)
  }

  return members
}

/** Members that may be asked and have said HAVE. */
export function * holders (fetch: Fetch): Iterable<EngineMember> {
  for (const member of answeredMembers(fetch)) {
    if (isAskable(member) && answerOf(fetch, member)?.what === 'have') {
      yield member
    }
  }
}

/** The attempt that is open at a member, primary or hedge. */
export function attemptAt ({ primary, hedge }: Fetch, member: EngineMember): Attempt | undefined {
  if (primary?.member === member) {
    return primary
  }

  return hedge?.member === member ? hedge : undefined
}

/** All waiters; the current one may leave during the iteration. */
export function * waiters (fetch: Fetch): Iterable<ClientWant> {
  let next: ClientWant | undefined

  for (let want = fetch.first; want != null; want = next) {
    next = want.nextWaiter
    yield want
  }
}

/** Whether a waiter has not yet received what it asks for. */
export function isOwed (want: ClientWant): boolean {
  return want.type === 'block' || !want.haveSent
}

/** Whether policies let a waiter use a member. */
export function mayUse ({ only }: ClientWant, { id }: EngineMember): boolean {
  return only == null || only.members.has(id)
}

/** Whether a member is itself the only waiter, and so does not hold the block. */
export function isOnlyWantedBy (fetch: Fetch, member: EngineMember): boolean {
  for (let want = fetch.first; want != null; want = want.nextWaiter) {
    if (want.client.member !== member) {
      return false
    }
  }

  return fetch.first != null
}

/** Whether a member is itself a waiter, alone or among others. */
export function isWantedBy (fetch: Fetch, member: EngineMember): boolean {
  for (let want = fetch.first; want != null; want = want.nextWaiter) {
    if (want.client.member === member) {
      return true
    }
  }

  return false
}

/** Adds a waiter after the first: the client that came first stays first. */
export function link (fetch: Fetch, want: ClientWant): void {
  const { first } = fetch
  want.fetch = fetch
  want.nextWaiter = first?.nextWaiter
  want.previousWaiter = first

  if (want.nextWaiter != null) {
    want.nextWaiter.previousWaiter = want
  }

  if (first == null) {
    fetch.first = want
  } else {
    first.nextWaiter = want
  }

  fetch.waiterCount++
  fetch.restricted += want.only == null ? 0 : 1
}

/** Removes a want from the waiters of its fetch. */
export function unlink (fetch: Fetch, want: ClientWant): void {
  if (want.previousWaiter == null) {
    fetch.first = want.nextWaiter
  } else {
    want.previousWaiter.nextWaiter = want.nextWaiter
  }

  if (want.nextWaiter != null) {
    want.nextWaiter.previousWaiter = want.previousWaiter
  }

  want.nextWaiter = undefined
  want.previousWaiter = undefined
  fetch.waiterCount--
  fetch.restricted -= want.only == null ? 0 : 1
}
