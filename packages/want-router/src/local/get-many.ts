import type { CID } from 'multiformats/cid'

/** Options of {@link LocalClient.getMany}. */
export interface GetManyOptions {
  /** Ends the iteration, and cancels the wants that it still has. */
  readonly signal?: AbortSignal
  /** The most blocks that are wanted, or wait to be taken, at the same time. Default 64; never more than `wantsPerClient`. */
  readonly concurrency?: number
}

/** The result for one CID: its `bytes`, or an `error`. */
export interface GotBlock {
  readonly cid: CID
  readonly bytes?: Uint8Array
  readonly error?: Error
}

const DEFAULT_CONCURRENCY = 64
/** While this many bytes wait to be taken, no further gets begin. */
const MAX_UNREAD = 4 << 20

/** Gets one block for {@link getMany}. */
export type GetOne = (cid: CID, signal: AbortSignal) => Promise<Uint8Array>

/**
 * Gets many blocks by a function that gets one. It reads its input no faster than its caller takes the results.
 *
 * @param get - is called for each CID
 * @param most - the highest concurrency
 * @param cids - the input
 * @param options - of the call
 */
export async function * getMany (get: GetOne, most: number, cids: Iterable<CID> | AsyncIterable<CID>, options: GetManyOptions = {}): AsyncGenerator<GotBlock> {
  const { signal, concurrency = DEFAULT_CONCURRENCY } = options
  signal?.throwIfAborted()
  const gets = new Gets(get, Math.max(1, Math.min(concurrency, most)))
  const abort = (): void => { gets.abort(signal?.reason) }
  signal?.addEventListener('abort', abort)
  const reader = gets.read(cids)
  // its error is thrown below, once the results of the gets that it began have been taken
  reader.catch(() => {})

  try {
    for (let next = await gets.take(); next != null; next = await gets.take()) {
      signal?.throwIfAborted()
      yield next
    }

    signal?.throwIfAborted()
    await reader
  } finally {
    signal?.removeEventListener('abort', abort)
    gets.abort(undefined)
  }
}

/** The gets of one call: some are open, the results of others wait to be taken. */
class Gets {
  readonly #get: GetOne
  readonly #limit: number
  readonly #controller = new AbortController()
  readonly #done: GotBlock[] = []
  /** Bytes of the results that wait to be taken. */
  #unread = 0
  #open = 0
  #reading = true
  #changed = Promise.withResolvers<void>()

  constructor (get: GetOne, limit: number) {
    this.#get = get
    this.#limit = limit
  }

  /** Begins a get for each CID, as capacity allows. */
  async read (cids: Iterable<CID> | AsyncIterable<CID>): Promise<void> {
    try {
      for await (const cid of cids) {
        if (this.#aborted) {
          return
        }

        void this.#begin(cid)

        while (this.#isFull && !this.#aborted) {
          await this.#changed.promise
        }
      }
    } finally {
      this.#reading = false
      this.#change()
    }
  }

  /** Takes the next result; undefined: there will be none. */
  async take (): Promise<GotBlock | undefined> {
    while (this.#done.length === 0 && (this.#reading || this.#open > 0) && !this.#aborted) {
      await this.#changed.promise
    }

    const next = this.#done.shift()
    this.#unread -= next?.bytes?.byteLength ?? 0
    this.#change()

    return next
  }

  abort (reason: unknown): void {
    this.#controller.abort(reason)
    this.#change()
  }

  get #aborted (): boolean {
    return this.#controller.signal.aborted
  }

  get #isFull (): boolean {
    return this.#open + this.#done.length >= this.#limit || this.#unread >= MAX_UNREAD
  }

  async #begin (cid: CID): Promise<void> {
    this.#open++
    const result = await resultOf(this.#get, cid, this.#controller.signal)
    this.#open--
    this.#unread += result.bytes?.byteLength ?? 0
    this.#done.push(result)
    this.#change()
  }

  /** Wakes what waits for a change. */
  #change (): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

async function resultOf (get: GetOne, cid: CID, signal: AbortSignal): Promise<GotBlock> {
  try {
    return { cid, bytes: await get(cid, signal) }
  } catch (err) {
    return { cid, error: err instanceof Error ? err : new Error(String(err)) }
  }
}
