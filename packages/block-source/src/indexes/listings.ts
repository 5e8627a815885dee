import { LRUCache } from 'lru-cache'
import { DEFAULTS } from '../defaults.ts'

interface ListingsInit {
  /** How many blocks at once. Default: all */
  readonly maxListed?: number
  /** How many sessions are remembered. */
  readonly maxSessions?: number
  now? (): number
}

/** What a session may still look for. */
interface Allowance {
  left: number
  at: number
}

/** How long until a session may look for one more block, ms. */
const REFILL = 1_000

/** Counts the unknown blocks that are looked for by list requests: of each session, or of one lookup that has none. */
export class Listings {
  readonly #max: number
  readonly #now: () => number
  readonly #sessions: LRUCache<string, Allowance>

  constructor ({ maxListed = Infinity, maxSessions = DEFAULTS.sessions, now = () => performance.now() }: ListingsInit) {
    this.#max = maxListed
    this.#now = now
    this.#sessions = new LRUCache({ max: maxSessions })
  }

  /** Says of each further block of a lookup whether it may be looked for, and counts it. */
  of (session: string | undefined): () => boolean {
    if (this.#max === Infinity) {
      return () => true
    }

    const allowance = session == null ? this.#full() : this.#sessions.get(session) ?? this.#full()

    if (session != null) {
      this.#sessions.set(session, allowance)
    }

    return () => this.#take(allowance)
  }

  #full (): Allowance {
    return { left: this.#max, at: this.#now() }
  }

  #take (allowance: Allowance): boolean {
    const now = this.#now()
    allowance.left = Math.min(this.#max, allowance.left + (now - allowance.at) / REFILL)
    allowance.at = now

    if (allowance.left < 1) {
      return false
    }

    allowance.left--

    return true
  }
}
