import { TooManyRequestsError } from '../errors.ts'
import type { PreloadLimits } from '../defaults.ts'
import type { Timers } from '../timers.ts'

type HourlyLimits = Pick<PreloadLimits, 'bytesPerClientAndHour' | 'bytesPerHour'>

/** Counts the bytes that clients send in each hour, up to a limit. */
export interface HourlyBytes {
  /** The error if nothing more may be sent for the client in this hour; undefined: more may be sent. */
  spent (client: string): TooManyRequestsError | undefined
  /** Counts a block that was sent for the client, and returns what `spent` does. */
  add (client: string, bytes: number): TooManyRequestsError | undefined
}

const HOUR = 3_600_000
/** What a block costs besides its bytes. */
const BLOCK_OVERHEAD = 256
/** When there are more, the one that was counted first is forgotten. */
const MAX_CLIENTS = 65_536

/** Creates counts that begin at 0. The first hour begins now. */
export function createHourlyBytes ({ bytesPerClientAndHour, bytesPerHour }: HourlyLimits, { now }: Pick<Timers, 'now'>): HourlyBytes {
  const perClient = new Map<string, number>()
  const start = now()
  let hour = 0
  let all = 0

  function roll (): void {
    const present = Math.floor((now() - start) / HOUR)

    if (present !== hour) {
      hour = present
      all = 0
      perClient.clear()
    }
  }

  function spent (client: string): TooManyRequestsError | undefined {
    roll()

    if (all > bytesPerHour || (perClient.get(client) ?? 0) > bytesPerClientAndHour) {
      const left = start + (hour + 1) * HOUR - now()

      return new TooManyRequestsError('As much was preloaded as may be within an hour: try again later', { retryAfter: Math.ceil(left / 1000) })
    }
  }

  return {
    spent,

    add (client, bytes) {
      roll()
      const cost = bytes + BLOCK_OVERHEAD
      all += cost

      if (!perClient.has(client) && perClient.size >= MAX_CLIENTS) {
        const [first] = perClient.keys()
        perClient.delete(first)
      }

      perClient.set(client, (perClient.get(client) ?? 0) + cost)

      return spent(client)
    }
  }
}
