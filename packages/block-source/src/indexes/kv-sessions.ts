import type { SessionStore } from './sessions.ts'
import type { Budget } from '../budget.ts'

/** What is used of a `KVNamespace` binding. */
export interface KvLike {
  get (key: string): Promise<string | null>
  put (key: string, value: string, options: { expirationTtl: number }): Promise<void>
}

/** Options of {@link kvSessions}. */
export interface KvSessionsInit {
  /** The binding, e.g. `env.SESSIONS`. */
  readonly kv: KvLike
  /** What the keys begin with; the session follows. A key may have 512 bytes. Default `session/` */
  readonly prefix?: string
  /** Is charged for each operation. */
  readonly budget?: Budget
}

/** The shortest time that KV keeps a value, in seconds. */
const MIN_TTL = 60

/**
 * Sessions in Workers KV: a client that connects again, to any isolate, is still
 * served blocks that are not roots. A value is a JSON list of the names of CARs;
 * any other value is ignored. Other locations may see a write a minute later.
 */
export function kvSessions ({ kv, prefix = 'session/', budget }: KvSessionsInit): SessionStore {
  return {
    async get (session) {
      budget?.spend('read')

      return parseNames(await kv.get(prefix + session))
    },

    async set (session, cars, ttl) {
      // a write, which costs what a list does or more
      budget?.spend('list')
      await kv.put(prefix + session, JSON.stringify(cars), { expirationTtl: Math.max(MIN_TTL, Math.ceil(ttl / 1000)) })
    }
  }
}

function parseNames (text: string | null): readonly string[] | undefined {
  try {
    const names: unknown = text == null ? undefined : JSON.parse(text)

    return Array.isArray(names) && names.every(name => typeof name === 'string') ? names : undefined
  } catch {
    return undefined
  }
}
