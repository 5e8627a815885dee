import type { AskType } from '../strategies/strategy.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'

/** What a message says of a want. */
export interface SaidWant {
  /** Raw CID bytes. */
  readonly cid: Uint8Array
  readonly type: AskType
}

interface SessionMessageInit {
  /** Entries of which a message has at most this many: one of more would lose some. */
  readonly max: number
  send (wants: WantEntry[]): void
}

/** The message that a session sends next: what it says in one microtask, at the end of that. */
export class SessionMessage {
  readonly #init: SessionMessageInit
  readonly #entries = new Set<WantEntry>()
  /** Wants that it is the first to name. */
  readonly #fresh = new Map<SaidWant, WantEntry>()
  readonly #send = (): void => { this.send() }

  constructor (init: SessionMessageInit) {
    this.#init = init
  }

  /** Says a want that no message before has named. */
  begin (want: SaidWant): void {
    const entry = entryOf(want, false)
    this.#fresh.set(want, entry)
    this.#say(entry)
  }

  /** Says a want again, as it is now. False: nothing has named it before this message, which says it only so. */
  repeat (want: SaidWant): boolean {
    const entry = this.#fresh.get(want)

    if (entry == null) {
      this.#say(entryOf(want, false))

      return true
    }

    this.#entries.delete(entry)
    this.begin(want)

    return false
  }

  /** Leaves out what no message before has named. False: one has. */
  omit (want: SaidWant): boolean {
    const entry = this.#fresh.get(want)

    if (entry == null) {
      return false
    }

    this.#fresh.delete(want)
    this.#entries.delete(entry)

    return true
  }

  cancel (want: SaidWant): void {
    this.#say(entryOf(want, true))
  }

  /** Sends it now, if it says anything. */
  send (): void {
    const wants = [...this.#entries]
    this.clear()

    if (wants.length > 0) {
      this.#init.send(wants)
    }
  }

  clear (): void {
    this.#entries.clear()
    this.#fresh.clear()
  }

  #say (entry: WantEntry): void {
    if (this.#entries.size === 0) {
      queueMicrotask(this.#send)
    }

    this.#entries.add(entry)

    if (this.#entries.size >= this.#init.max) {
      this.send()
    }
  }
}

function entryOf ({ cid, type }: SaidWant, cancel: boolean): WantEntry {
  return { cid, priority: 1, cancel, wantType: type, sendDontHave: true }
}
