import type { ReadingPolicy } from '../policies.ts'

/** Time as the lists see it. */
export interface ListTimers {
  /** The current time, ms. */
  now (): number
  /** Calls `call` once, in the current request; returns a function that cancels that. */
  after (ms: number, call: () => void): () => void
}

/** The denylists and access lists of an isolate, which its requests read. */
export interface IsolateLists {
  /**
   * Reads the lists, if that is due. Resolves when they have been read, or could not be. Also
   * waits while another request reads them for the first time. Never rejects.
   */
  refresh (): Promise<void>
  /** Reads the lists whenever that is due, during a long request; returns a function that ends this. */
  keepFresh (): () => void
}

/** How often lists are read again, ms. */
export const LIST_INTERVAL = 60_000
/** The delay after the first failure to read a list that has never been read, ms. It doubles with each further failure, up to the interval. */
export const FIRST_RETRY = 1_000
/** How long reading a list may take, ms. */
export const READ_TIMEOUT = 10_000
/** How often a request checks whether another one has read the lists, ms. */
const LOOK_INTERVAL = 50

const platform: ListTimers = {
  now: Date.now,

  after (ms, call) {
    const timer = setTimeout(call, ms)

    return () => { clearTimeout(timer) }
  }
}

/**
 * Nothing is served before each list has been read once, so a new or long request soon tries
 * again to read a list that failed. Requests share times and no promises, since a request must
 * not wait for the work of another one.
 */
export function createIsolateLists (policies: readonly ReadingPolicy[], { now, after }: ListTimers = platform): IsolateLists {
  let dueAt = -Infinity
  let readingUntil = -Infinity
  let retry = FIRST_RETRY

  const loaded = (): boolean => policies.every(policy => policy.loaded)

  async function read (): Promise<void> {
    // the runtime may end the reading request without notice: then another one reads
    readingUntil = now() + READ_TIMEOUT
    dueAt = readingUntil
    await Promise.all(policies.map(async policy => policy.refresh()))
    readingUntil = -Infinity

    if (loaded()) {
      dueAt = now() + LIST_INTERVAL
    } else {
      dueAt = now() + retry
      retry = Math.min(2 * retry, LIST_INTERVAL)
    }
  }

  async function refresh (): Promise<void> {
    if (policies.length === 0) {
      return
    }

    if (now() >= dueAt) {
      await read()

      return
    }

    while (!loaded() && now() < readingUntil) {
      await new Promise<void>(resolve => { after(LOOK_INTERVAL, resolve) })
    }
  }

  return {
    refresh,

    keepFresh () {
      let cancel = (): void => {}
      let ended = false

      const wait = (): void => {
        cancel = ended ? () => {} : after(Math.max(FIRST_RETRY, dueAt - now()), () => { refresh().then(wait, wait) })
      }

      if (policies.length > 0) {
        wait()
      }

      return () => {
        ended = true
        cancel()
      }
    }
  }
}
