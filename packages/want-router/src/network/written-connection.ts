import { isUsable } from './known-connections.ts'
import type { NetworkLimits } from './defaults.ts'
import type { KnownConnection, KnownConnections } from './known-connections.ts'

export interface WrittenConnectionInit {
  readonly known: KnownConnections
  readonly limits: Pick<NetworkLimits, 'doubtTimeout' | 'followAfter'>
  /** It has been doubted since then, and is not waited for any more. */
  isGivenUp (one: KnownConnection, since: number, now: number): boolean
}

/** Which of a peer's connections is written to. */
export interface WrittenConnection {
  readonly current: KnownConnection | undefined
  set (one: KnownConnection | undefined): void
  /** The peer has spoken on a connection. Returns whether it is written to from now on. */
  heard (one: KnownConnection, now: number): boolean
  /** Chooses another one if it is closed or given up, or if a newer one has been there for long enough. */
  review (now: number): void
  /** Whether it has changed since this was called last. */
  takeChanged (): boolean
}

export function createWrittenConnection ({ known, limits, isGivenUp }: WrittenConnectionInit): WrittenConnection {
  let written: KnownConnection | undefined
  let changed = false

  function set (one: KnownConnection | undefined): void {
    changed ||= written !== one
    written = one
  }

  function isOver (one: KnownConnection, now: number): boolean {
    const since = known.doubtedSince(one)

    return !known.includes(one) || !isUsable(one) || (since != null && isGivenUp(one, since, now))
  }

  return {
    get current () { return written },
    set,

    heard (one, now) {
      // one that speaks on both is not followed to and fro
      if (written == null || written === one || !isUsable(one) || known.doubtedSince(written) != null || now - written.heardAt < limits.followAfter) {
        return false
      }

      set(one)

      return true
    },

    review (now) {
      if (written == null || isOver(written, now)) {
        set(known.liveliest())
      }

      for (const one of known) {
        if (!one.considered && now - one.openedAt >= limits.doubtTimeout) {
          one.considered = true

          // a peer that has not spoken on the old one since then is likelier to stay on the new one
          if (written != null && written.openedAt < one.openedAt && written.heardAt < one.openedAt && isUsable(one)) {
            set(one)
          }
        }
      }
    },

    takeChanged () {
      const was = changed
      changed = false

      return was
    }
  }
}
