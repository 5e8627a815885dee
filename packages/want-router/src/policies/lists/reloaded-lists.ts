import { checkNames, checkNumbers, MAX_DELAY } from '../../check-options.ts'
import { DEFAULT_DENYLIST_INTERVAL } from '../../defaults.ts'
import { InvalidOptionError } from '../../errors.ts'
import { platformTimers } from '../../timers.ts'
import type { Timers } from '../../timers.ts'

/** Where a list is. */
export interface ListSource {
  /** For status and errors: a path or a URL. */
  readonly name: string
  /**
   * Reads the list. `undefined`: it has not changed since it was last read. Rejects if it cannot be read, or is not there.
   *
   * @param signal - aborts when the policy stops
   */
  load (signal: AbortSignal): Promise<string | undefined>
}

/** Options that all policies with lists have. */
export interface ListsInit {
  readonly lists: readonly ListSource[]
  /** How often the lists are read again, ms. Default 60,000. */
  readonly interval?: number
  /** Default: the platform's. */
  readonly timers?: Timers
}

interface ReloadedListsInit<T> extends ListsInit {
  /** Reads the text of a list; it awaits `pause` now and then. */
  parse (text: string, pause: () => Promise<void>): Promise<T>
  /** Called when a list has been read: a warning about it, or undefined. */
  check (parsed: T): string | undefined
  /** Called when a list cannot be read, or has faults. What was read before stays in force. */
  report (name: string, why: string, cause?: unknown): void
  /** Called when every list has been tried. */
  changed (): void
}

/**
 * @param at - what stands before names in the message: `denylist: `
 * @param init - the options
 * @param known - the names of all options
 * @throws {InvalidOptionError} for an unknown option, an invalid interval, no list, or two lists of one name
 */
export function checkLists (at: string, init: ListsInit, known: readonly string[]): void {
  checkNames(at, init, known)
  checkNumbers(at, { interval: init.interval }, { interval: true }, { ranges: { interval: [1, MAX_DELAY] } })

  if (!Array.isArray(init.lists) || init.lists.length === 0 || new Set(init.lists.map(({ name }) => name)).size < init.lists.length) {
    throw new InvalidOptionError(`${at}lists: give at least one list, and each a unique name`)
  }
}

/** Lists that are read again when they change. */
export class ReloadedLists<T> {
  readonly all: ReadonlyArray<{ readonly source: ListSource, parsed?: T }>
  readonly #init: ReloadedListsInit<T>
  readonly #timers: Timers
  #loaded = false
  /** Aborts the reading that `start` has begun. */
  #stopped: AbortController | undefined
  #cancelTimer = (): void => {}

  constructor (init: ReloadedListsInit<T>) {
    this.#init = init
    this.#timers = init.timers ?? platformTimers
    this.all = init.lists.map(source => ({ source }))
  }

  /** Whether each of them has been read once. */
  get loaded (): boolean {
    return this.#loaded
  }

  async start (): Promise<void> {
    this.#stopped = new AbortController()
    await this.refresh()
    this.#schedule(this.#stopped)
  }

  async refresh (): Promise<void> {
    // in a Worker a request must not use a signal that another request has made
    const { signal } = this.#stopped ?? new AbortController()
    const { parse, check, report, changed } = this.#init
    await Promise.all(this.all.map(async list => {
      const { source } = list

      try {
        const text = await source.load(signal)

        if (text != null) {
          list.parsed = await parse(text, async () => { await this.#pause() })
          const warning = check(list.parsed)
          warning != null && report(source.name, warning)
        }
      } catch (err) {
        if (!signal.aborted) {
          report(source.name, err instanceof Error ? err.message : String(err), err)
        }
      }
    }))
    this.#loaded = this.all.every(({ parsed }) => parsed != null)
    changed()
  }

  stop (): void {
    this.#stopped?.abort()
    this.#cancelTimer()
  }

  #schedule (stopped: AbortController): void {
    const { signal } = stopped
    this.#cancelTimer = this.#timers.after(this.#init.interval ?? DEFAULT_DENYLIST_INTERVAL, () => {
      this.refresh().finally(() => {
        if (!signal.aborted) {
          this.#schedule(stopped)
        }
      })
    })
  }

  async #pause (): Promise<void> {
    await new Promise<void>(resolve => { this.#timers.endOfTick(resolve) })
  }
}
