import type { QuotaStore } from './quota-store.ts'

/** How much a client may have in an hour and in a day. Default: no cap. Hours and days are those of UTC. */
export interface Caps {
  readonly blocksPerHour?: number
  readonly bytesPerHour?: number
  readonly blocksPerDay?: number
  readonly bytesPerDay?: number
}

/** The names of all caps, by which options are checked. */
export const CAPS: Readonly<Record<keyof Caps, true>> = { blocksPerHour: true, bytesPerHour: true, blocksPerDay: true, bytesPerDay: true }

/** Whether more may be used: `lease` if the store must be asked first. */
export type MeterState = 'open' | 'lease' | 'spent'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** A lease is this part of a cap: the store is called about as often in each window, whatever is served. */
const LEASES = 50

/** One cap of one client, of one address, or of all: how much may be used in the present window, and how much was. */
export class Meter {
  readonly unit: 'blocks' | 'bytes'
  readonly #name: string
  readonly #limit: number
  readonly #window: number
  readonly #store?: QuotaStore
  #id = -1
  #used = 0
  #granted = 0
  /** How much may be used beyond what was granted, because the store failed. */
  #alone = 0
  #spent = false

  constructor (name: string, unit: 'blocks' | 'bytes', limit: number, window: number, store?: QuotaStore) {
    this.unit = unit
    this.#name = `${name}/${unit}/${window === DAY ? 'day' : 'hour'}`
    this.#limit = limit
    this.#window = window
    this.#store = store
  }

  state (now: number): MeterState {
    this.#roll(now)

    if (this.#used < this.#granted + this.#alone) {
      return 'open'
    }

    return this.#spent || this.#used >= this.#limit ? 'spent' : 'lease'
  }

  /** Counts what was used. It may be more than was granted: sizes are known only when blocks have been read. */
  use (amount: number, now: number): void {
    this.#roll(now)
    this.#used += amount
  }

  /** Takes a lease from the store, which also covers what was used without one before. Rejects if the store cannot be reached. */
  async lease (now: number, signal: AbortSignal): Promise<void> {
    const id = this.#roll(now)
    const amount = Math.max(this.#lease, this.#used - this.#granted + 1)
    const got = await this.#store?.take(`${this.#name}/${id}`, amount, { limit: this.#limit, window: this.#window, signal }) ?? 0

    if (this.#id === id) {
      this.#granted += got
      this.#alone = 0
      // a store that answers with no number has nothing, or it would be asked for ever
      this.#spent = !(got >= amount)
    }
  }

  /** Allows as much as a lease, as if no other process used the cap. Then the store is asked again. */
  standAlone (now: number): void {
    this.#roll(now)
    this.#alone = Math.min(this.#limit, this.#used + this.#lease) - this.#granted
  }

  get #lease (): number {
    return Math.max(1, Math.ceil(this.#limit / LEASES))
  }

  #roll (now: number): number {
    const id = Math.floor(now / this.#window)

    if (id !== this.#id) {
      this.#id = id
      this.#used = 0
      this.#alone = 0
      this.#granted = this.#store == null ? this.#limit : 0
      this.#spent = this.#store == null
    }

    return id
  }
}

/** The meters of some caps. */
export function createMeters (name: string, caps: Caps, store?: QuotaStore): Meter[] {
  const all: ReadonlyArray<readonly [keyof Caps, 'blocks' | 'bytes', number]> = [
    ['blocksPerHour', 'blocks', HOUR], ['bytesPerHour', 'bytes', HOUR], ['blocksPerDay', 'blocks', DAY], ['bytesPerDay', 'bytes', DAY]
  ]

  return all.flatMap(([cap, unit, window]) => caps[cap] == null ? [] : [new Meter(name, unit, caps[cap], window, store)])
}
