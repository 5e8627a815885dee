import { contentBlockKey, keyOf } from '../world/content.ts'
import { connectReader } from '../world/reader.ts'
import type { ClientLink, World } from '../world/world.ts'
import type { Outgoing, WantEntry, WantKey } from '@kitsune/bitswap-codec'
import type { FakeClock } from '@kitsune/want-router/testing'

/** The events of clients. */
export interface ClientEvents {
  /** A client wants something. */
  wanted (): void
  /** A want was answered with what it asked for, this long after it was sent. */
  served (ms: number): void
  /** A want was answered with DONT_HAVE. */
  absent (): void
  /** The client cancelled a want because no answer came in time. */
  unserved (): void
}

/** One thing to want. */
export interface Wanted {
  readonly cid: Uint8Array
  readonly type: 'block' | 'have'
}

/** How fast a client reads, how long it waits, and where it reports to. */
export interface ClientInit {
  /** Bytes a second that the client reads. Default: without limit. */
  readonly bandwidth?: number
  /** How long the client waits for an answer before it cancels the want, ms. */
  readonly cancelAfter: number
  readonly events: ClientEvents
  /** A want has ended, one way or another. */
  ended? (): void
}

interface Pending extends Wanted { readonly at: number }

/** The interval of looking for wants that have waited too long, ms. */
const CHECK_EVERY = 1000

/** A client's end of its connection, with its wantlist as clients keep it: a set. */
export interface Client {
  /** Sends wants that are not on the list yet, in one message. */
  want (wanted: readonly Wanted[]): void
  /** Whether it waits for an answer about a block. */
  wants (cid: Uint8Array): boolean
  /** Disconnects once all wants have ended. */
  leaveWhenDone (): void
}

/** Connects a client that measures how its wants are answered, and discards the blocks. */
export function connectClient (world: World, id: string, init: ClientInit): Client {
  return new MeasuringClient(world, id, init)
}

class MeasuringClient implements Client {
  readonly #init: ClientInit
  readonly #clock: FakeClock
  readonly #link: ClientLink
  readonly #pending = new Map<WantKey, Pending>()
  #leaving = false

  constructor (world: World, id: string, init: ClientInit) {
    this.#init = init
    this.#clock = world.clock
    this.#link = connectReader(world, id, { bytesPerSecond: init.bandwidth, received: message => { this.#received(message) } })
    this.#clock.after(CHECK_EVERY, () => { this.#cancelLate() })
  }

  want (wanted: readonly Wanted[]): void {
    const entries: WantEntry[] = []

    for (const want of wanted) {
      const key = keyOf(want.cid)
      const before = this.#pending.get(key)

      if (before == null || (before.type === 'have' && want.type === 'block')) {
        this.#pending.delete(key)
        this.#pending.set(key, { ...want, at: this.#clock.now() })
        this.#init.events.wanted()
        entries.push(entry(want, false))
      }
    }

    this.#send(entries)
  }

  wants (cid: Uint8Array): boolean {
    return this.#pending.has(keyOf(cid))
  }

  leaveWhenDone (): void {
    this.#leaving = true
    this.#leaveIfDone()
  }

  #received ({ blocks = [], presences = [] }: Outgoing): void {
    for (const { data } of blocks) {
      this.#served(this.#end(contentBlockKey(data) ?? ''))
    }

    const cancels: WantEntry[] = []

    for (const { cid, have } of presences) {
      const want = this.#pending.get(keyOf(cid))

      if (want == null || (have && want.type === 'block')) {
        continue
      }

      this.#end(keyOf(cid))

      if (have) {
        this.#served(want)
      } else {
        this.#init.events.absent()
      }

      // as boxo's sessions do when they have an answer
      cancels.push(entry(want, true))
    }

    this.#send(cancels)
  }

  #end (key: WantKey): Pending | undefined {
    const want = this.#pending.get(key)

    if (want != null) {
      this.#pending.delete(key)
      this.#init.ended?.()
      this.#leaveIfDone()
    }

    return want
  }

  #served (want: Pending | undefined): void {
    if (want != null) {
      this.#init.events.served(this.#clock.now() - want.at)
    }
  }

  #cancelLate (): void {
    const late: WantEntry[] = []

    for (const [key, want] of this.#pending) {
      if (this.#clock.now() - want.at < this.#init.cancelAfter) {
        break
      }

      late.push(entry(want, true))
      this.#init.events.unserved()
      this.#end(key)
    }

    this.#send(late)

    if (this.#link.connected) {
      this.#clock.after(CHECK_EVERY, () => { this.#cancelLate() })
    }
  }

  #leaveIfDone (): void {
    if (this.#leaving && this.#pending.size === 0) {
      this.#link.leave()
    }
  }

  #send (entries: readonly WantEntry[]): void {
    if (entries.length > 0) {
      this.#link.send(entries)
    }
  }
}

function entry ({ cid, type }: Wanted, cancel: boolean): WantEntry {
  return { cid, priority: 1, cancel, wantType: type, sendDontHave: true }
}
