import { LRUCache } from 'lru-cache'
import { DEFAULTS } from '../defaults.ts'
import type { Lookup } from './index-cache.ts'

/** Remembers sessions beyond this process, e.g. `kvSessions`. */
export interface SessionStore {
  /** The value that was last set for a session; undefined if there is none, or it has expired. */
  get (session: string): Promise<readonly string[] | undefined>
  /** Replaces the value of a session, and keeps it for at least `ttl` ms. */
  set (session: string, cars: readonly string[], ttl: number): Promise<void>
}

/** How sessions are remembered. */
export interface SessionsInit {
  /** How many sessions are remembered in memory. Default 1,000 */
  readonly maxSessions?: number
  /** How long a session is remembered after its last lookup, in ms. Default 3,600,000 */
  readonly sessionTtl?: number
  /** Remembers sessions when this process has ended, or has forgotten them. Default: none */
  readonly sessions?: SessionStore
  /** The time in ms, for tests. Default: `performance.now` */
  now?(): number
}

/** The CARs that one client has been reading. */
interface Session {
  /** Names of CARs, those of the last root last. */
  readonly cars: Set<string>
  /** Whether the CARs in the store have been added to them. */
  loaded: boolean
  /** When they were last written to the store, in ms. */
  written: number
  /** Whether the store lacks some of them. */
  dirty: boolean
}

/** Workers KV accepts one write a second for each key. */
const WRITE_INTERVAL = 1_000

/**
 * The CARs that each client has been reading, by its session.
 *
 * They are kept in memory, and in the store if there is one. A session that is not in memory is
 * read from the store once; it is written when it has new CARs, or when half of its time is
 * over. If a client reads from two processes at the same time, the store keeps the CARs that
 * one of them knows. The blocks of the others are found again once the client asks for their
 * roots.
 */
export class Sessions {
  readonly #sessions: LRUCache<string, Session>
  readonly #store?: SessionStore
  readonly #ttl: number
  readonly #maxCars: number
  readonly #now: () => number

  constructor (init: SessionsInit, maxCars: number) {
    this.#ttl = init.sessionTtl ?? DEFAULTS.sessionTtl
    this.#now = init.now ?? (() => performance.now())
    this.#store = init.sessions
    this.#maxCars = maxCars
    this.#sessions = new LRUCache({
      max: init.maxSessions ?? DEFAULTS.sessions,
      ttl: this.#ttl,
      updateAgeOnGet: true,
      ttlResolution: 0,
      perf: { now: this.#now }
    })
  }

  /**
   * The CARs of a session, those of the last root first.
   *
   * @throws {Error} if the store fails, which says nothing about the session
   */
  async carsOf (session: string, lookup: Lookup): Promise<readonly string[]> {
    const known = await this.#load(session, lookup)

    if (known == null) {
      return []
    }

    await this.#write(session, known)

    return [...known.cars].reverse()
  }

  /** Adds the CARs of a root to those of a session; the oldest ones are forgotten. */
  async remember (session: string, cars: readonly string[], lookup: Lookup): Promise<void> {
    // if the store fails, the next lookup reads it again; it is not written before it was read
    const known = await this.#load(session, lookup).catch(() => undefined) ?? this.#sessions.get(session) ?? this.#keep(session, this.#store == null)
    known.dirty ||= cars.some(car => !known.cars.has(car))

    for (const car of cars) {
      known.cars.delete(car)
      known.cars.add(car)
    }

    for (const car of known.cars) {
      if (known.cars.size <= this.#maxCars) {
        break
      }

      known.cars.delete(car)
    }

    await this.#write(session, known)
  }

  async #load (session: string, { reads, signal }: Lookup): Promise<Session | undefined> {
    const before = this.#sessions.get(session)

    if (before?.loaded === true || this.#store == null) {
      return before
    }

    const cars = await reads.run(`session\0${session}`, async () => this.#store?.get(session), signal) ?? []
    // another lookup may have loaded the session in the meantime, or have added CARs
    const known = this.#sessions.get(session) ?? this.#keep(session, false)

    if (!known.loaded) {
      const added = [...known.cars]
      known.loaded = true
      known.cars.clear()

      for (const car of [...cars, ...added].slice(-this.#maxCars)) {
        known.cars.add(car)
      }
    }

    return known
  }

  #keep (session: string, loaded: boolean): Session {
    // the value in the store may expire soon, so write it again
    const known: Session = { cars: new Set(), loaded, written: this.#now() - this.#ttl / 2, dirty: false }
    this.#sessions.set(session, known)

    return known
  }

  async #write (session: string, known: Session): Promise<void> {
    const age = this.#now() - known.written

    if (this.#store == null || !known.loaded || known.cars.size === 0 || age < WRITE_INTERVAL || !(known.dirty || age > this.#ttl / 2)) {
      return
    }

    const { written } = known
    known.written = this.#now()
    known.dirty = false

    try {
      await this.#store.set(session, [...known.cars], this.#ttl)
    } catch {
      // the next lookup tries again; this one has succeeded without the store
      known.written = written
      known.dirty = true
    }
  }
}
