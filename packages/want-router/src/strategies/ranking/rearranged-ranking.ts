import { Ranking, toRanking } from './ranking.ts'
import type { Member, Want } from '../strategy.ts'

/** 0: stays where the inner ranking has it; 1: comes after all of those; 2: comes last. */
export type Delay = 0 | 1 | 2

/** Which members come first, and which later than the inner ranking has them. */
export interface RearrangedRankingInit {
  /** Called at the first pull: adds the members that come first, none twice, and returns the inner ranking. */
  start (want: Want, first: MemberList): Iterable<Member>
  /** Called once for each member, as the inner ranking gets to it. Default: always 0. */
  delay? (member: Member, want: Want): Delay
  /** Called with the member that was probably taken: the last one pulled, or the first if all were pulled. */
  taken? (member: Member, want: Want): void
}

/** A list that keeps its memory when it is cleared; an array whose length is set to 0 frees it. */
class MemberList {
  readonly #members: Member[] = []
  #length = 0
  #next = 0

  add (member: Member): void {
    this.#members[this.#length++] = member
  }

  has (member: Member): boolean {
    for (let i = 0; i < this.#length; i++) {
      if (this.#members[i] === member) {
        return true
      }
    }

    return false
  }

  next (): Member | undefined {
    return this.#next < this.#length ? this.#members[this.#next++] : undefined
  }

  clear (): void {
    this.#length = 0
    this.#next = 0
  }
}

/**
 * An inner ranking with some members put first and some put last, each group in
 * its own order: what most decorators do.
 */
export class RearrangedRanking extends Ranking {
  readonly #init: RearrangedRankingInit
  readonly #first = new MemberList()
  readonly #late = new MemberList()
  readonly #last = new MemberList()
  #want: Want | undefined
  #inner: Ranking | undefined
  #started = false
  #head: Member | undefined
  #pulled: Member | undefined

  constructor (init: RearrangedRankingInit) {
    super()
    this.#init = init
  }

  /** Starts over. */
  reset (want: Want): this {
    this.#want = want
    this.#started = false
    this.#head = undefined
    this.#pulled = undefined

    return this
  }

  pull (): Member | undefined {
    if (!this.#started) {
      this.#start()
    }

    this.#pulled = this.#next()
    this.#head ??= this.#pulled

    return this.#pulled
  }

  close (): void {
    super.close()
    this.#inner?.return()
    this.#inner = undefined
    const taken = this.#pulled ?? this.#head

    if (taken != null && this.#want != null) {
      this.#init.taken?.(taken, this.#want)
    }

    // a want is not kept longer than its ranking
    this.#want = undefined
  }

  #start (): void {
    this.#started = true
    this.#first.clear()
    this.#late.clear()
    this.#last.clear()

    if (this.#want != null) {
      this.#inner = toRanking(this.#init.start(this.#want, this.#first))
    }
  }

  #next (): Member | undefined {
    const first = this.#first.next()

    if (first != null) {
      return first
    }

    for (let member = this.#inner?.pull(); member != null; member = this.#inner?.pull()) {
      if (!this.#first.has(member)) {
        const delay = this.#want == null ? 0 : this.#init.delay?.(member, this.#want) ?? 0

        if (delay === 0) {
          return member
        }

        (delay === 1 ? this.#late : this.#last).add(member)
      }
    }

    this.#inner?.close()
    this.#inner = undefined

    return this.#late.next() ?? this.#last.next()
  }
}
