import type { AskType } from '../strategies/strategy.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'

/** What a message contains of a want. */
export interface MessageWant {
  /** Raw CID bytes. */
  readonly cid: Uint8Array
  readonly type: AskType
}

interface SessionMessageInit {
  /** The most entries of a message: the engine would evict those beyond it. */
  readonly max: number
  send (wants: WantEntry[]): void
}

/** The next message of a session: it collects the entries of one microtask, and is sent at its end. */
export class SessionMessage {
  readonly #init: SessionMessageInit
  readonly #entries = new Set<WantEntry>()
  /** Wants that no earlier message has contained. */
  readonly #fresh = new Map<MessageWant, WantEntry>()
  readonly #send = (): void => { this.send() }

  constructor (init: SessionMessageInit) {
    this.#init = init
  }

  /** Adds a want that no earlier message has contained. */
  begin (want: MessageWant): void {
    const entry = entryOf(want, false)
    this.#fresh.set(want, entry)
    this.#add(entry)
  }

  /** Adds a want again, as it is now. False: no earlier message has contained it, so its entry in this message was replaced. */
  repeat (want: MessageWant): boolean {
    const entry = this.#fresh.get(want)

    if (entry == null) {
      this.#add(entryOf(want, false))

      return true
    }

    this.#entries.delete(entry)
    this.begin(want)

    return false
  }

  /** Leaves out a want that no earlier message has contained; false: one has. */
  omit (want: MessageWant): boolean {
    const entry = this.#fresh.get(want)

    if (entry == null) {
      return false
    }

    this.#fresh.delete(want)
    this.#entries.delete(entry)

    return true
  }

  cancel (want: MessageWant): void {
    this.#add(entryOf(want, true))
  }

  /** Sends the message now, if it has entries. */
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

  #add (entry: WantEntry): void {
    if (this.#entries.size === 0) {
      queueMicrotask(this.#send)
    }

    this.#entries.add(entry)

    if (this.#entries.size >= this.#init.max) {
      this.send()
    }
  }
}

function entryOf ({ cid, type }: MessageWant, cancel: boolean): WantEntry {
  return { cid, priority: 1, cancel, wantType: type, sendDontHave: true }
}
