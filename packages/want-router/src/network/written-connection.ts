import { isUsable } from './known-connections.ts'
import type { NetworkLimits } from './defaults.ts'
import type { KnownConnection, KnownConnections } from './known-connections.ts'

/** What the choice of a connection is made with. */
export interface WrittenConnectionInit {
  readonly known: KnownConnections
  readonly limits: Pick<NetworkLimits, 'doubtTimeout' | 'followAfter'>
  /** Whether a connection that has been doubted since then is given up. */
  isGivenUp (one: KnownConnection, since: number, now: number): boolean
}

/** The choice of the connection that is written to. */
export interface WrittenConnection {
  readonly current: KnownConnection | undefined
  set (one: KnownConnection | undefined): void
  /** A message has arrived on a connection; true: the connection is written to from now on, and was not before. */
  heard (one: KnownConnection, now: number): boolean
  /** Chooses another connection if this one is closed or given up, or if a newer one has been open for long enough. */
  review (now: number): void
  /** Whether the choice has changed since this was last called. */
  takeChanged (): boolean
}

/** Makes the choice for one peer; none has been made yet. */
export function createWrittenConnection (init: WrittenConnectionInit): WrittenConnection {
  return new ReviewedConnection(init)
}

class ReviewedConnection implements WrittenConnection {
  readonly #init: WrittenConnectionInit
  #written: KnownConnection | undefined
  #changed = false

  constructor (init: WrittenConnectionInit) {
    this.#init = init
  }

  get current (): KnownConnection | undefined {
    return this.#written
  }

  set (one: KnownConnection | undefined): void {
    this.#changed ||= this.#written !== one
    this.#written = one
  }

  heard (one: KnownConnection, now: number): boolean {
    const { known, limits } = this.#init
    const written = this.#written

    // answers do not move back and forth if the peer sends on both
    if (written == null || written === one || !isUsable(one) || known.doubtedSince(written) != null || now - written.heardAt < limits.followAfter) {
      return false
    }

    this.set(one)

    return true
  }

  review (now: number): void {
    const { known, limits } = this.#init

    if (this.#written == null || this.#isOver(this.#written, now)) {
      this.set(known.lastAlive())
    }

    for (const one of known) {
      if (!one.considered && now - one.openedAt >= limits.doubtTimeout) {
        one.considered = true
        const written = this.#written

        // a peer that has sent nothing on the old connection since then is likelier to stay on the new one
        if (written != null && written.openedAt < one.openedAt && written.heardAt < one.openedAt && isUsable(one)) {
          this.set(one)
        }
      }
    }
  }

  takeChanged (): boolean {
    const was = this.#changed
    this.#changed = false

    return was
  }

  #isOver (one: KnownConnection, now: number): boolean {
    const { known } = this.#init
    const since = known.doubtedSince(one)

    return !known.includes(one) || !isUsable(one) || (since != null && this.#init.isGivenUp(one, since, now))
  }
}
