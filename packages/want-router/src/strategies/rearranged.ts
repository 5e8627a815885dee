import { pulling, Ranking } from './ranking.ts'
import type { Member, Want } from './strategy.ts'

/** 0: where the inner ranking has it; 1: behind all of those; 2: behind all. */
export type Delay = 0 | 1 | 2

export interface RearrangedInit {
  /**
   * Called at the first pull.
   *
   * @param first - an empty list, to be filled with those that come first, none twice
   * @returns the inner ranking
   */
  start (want: Want, first: Member[]): Iterable<Member>
  /** Asked once about each member, as the inner ranking gets to it. Default: always 0. */
  delay? (member: Member): Delay
  /** Who was taken, as far as can be told: the last that was pulled, or the first if all were. */
  taken? (member: Member, want: Want): void
}

/**
 * An inner ranking with some members put first and some put last, each group in
 * its own order: what most decorators do.
 */
export class Rearranged extends Ranking {
  readonly #init: RearrangedInit
  readonly #first: Member[] = []
  readonly #late: Member[] = []
  readonly #last: Member[] = []
  #want: Want | undefined
  #inner: Ranking | undefined
  #started = false
  #nextFirst = 0
  #nextLate = 0
  #head: Member | undefined
  #pulled: Member | undefined

  constructor (init: RearrangedInit) {
    super()
    this.#init = init
  }

  /** Begins anew. */
  over (want: Want): this {
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
  }

  #start (): void {
    this.#started = true
    this.#first.length = 0
    this.#late.length = 0
    this.#last.length = 0
    this.#nextFirst = 0
    this.#nextLate = 0

    if (this.#want != null) {
      this.#inner = pulling(this.#init.start(this.#want, this.#first))
    }
  }

  #next (): Member | undefined {
    if (this.#nextFirst < this.#first.length) {
      return this.#first[this.#nextFirst++]
    }

    for (let member = this.#inner?.pull(); member != null; member = this.#inner?.pull()) {
      if (!this.#first.includes(member)) {
        const delay = this.#init.delay?.(member) ?? 0

        if (delay === 0) {
          return member
        }

        (delay === 1 ? this.#late : this.#last).push(member)
      }
    }

    this.#inner?.close()
    this.#inner = undefined
    const next = this.#nextLate++
    return next < this.#late.length ? this.#late[next] : this.#last[next - this.#late.length]
  }
}
