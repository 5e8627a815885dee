import { NotFoundError, UnknownError, WantEvictedError, WantExpiredError, WantRefusedError } from '../errors.ts'
import { getMany } from './get-many.ts'
import type { GetManyOptions, GotBlock } from './get-many.ts'
import type { Answer, Waiter } from './session.ts'
import type { AskType } from '../strategies/strategy.ts'
import type { Timers } from '../timers.ts'
import type { CID } from 'multiformats/cid'

/** Whether a member has a block; `unknown`: some members have not said. */
export type HasAnswer = 'have' | 'dont-have' | 'unknown'

/** Options of {@link LocalClient.get}. */
export interface GetOptions {
  /** Ends the wait; the want is cancelled, unless another call waits for it. */
  readonly signal?: AbortSignal
  /** Ends the wait after this time, ms. Default: the lifetime of a want. */
  readonly within?: number
  /**
   * Whether the bytes may be shared with other calls and must not be modified. It spares the copy, unless the block lies in
   * a much larger buffer. Default: false.
   */
  readonly shared?: boolean
}

/** Options of {@link LocalClient.has}. */
export interface HasOptions extends GetOptions {
  /** After this time the answer is `unknown`, ms. Default 5,000. */
  readonly within?: number
  /** Whether to reject with a {@link WantRefusedError} when a policy refuses the want, instead of answering. Default: false. */
  readonly rejectRefused?: boolean
}

/**
 * A client within this process. It has rounds, windows and limits like a peer, however
 * many calls are made. Calls for one multihash share one want. Calls beyond
 * `wantsPerClient` wait until others end. No call hangs: each ends with its block, with
 * an error, or when the lifetime of its want is over (10 min).
 *
 * The bytes are a copy for the call that got them: the caller may modify them, and they
 * keep nothing else in memory.
 */
export interface LocalClient {
  /**
   * Gets a block, verified. Rejects with the signal's reason if that aborts.
   *
   * @throws {NotFoundError} if every member is certain not to have it
   * @throws {UnknownError} if it has not arrived `within` that time
   * @throws {WantExpiredError} if no member served it in its lifetime, for example because members were down
   * @throws {WantEvictedError} if it was evicted for another want
   * @throws {WantRefusedError} if it may not be asked for; its `reason` says why
   * @throws {DrainingError} if the router drains
   * @throws {StoppedError} if the router has stopped, or stops
   */
  get (cid: CID, options?: GetOptions): Promise<Uint8Array<ArrayBuffer>>
  /**
   * Gets many blocks, and yields each as soon as it has arrived. An error concerns one block and does not end
   * the others; the iteration itself throws what `cids` throws, and the signal's reason. Wants that are left
   * when it ends are cancelled.
   */
  getMany (cids: Iterable<CID> | AsyncIterable<CID>, options?: GetManyOptions): AsyncIterable<GotBlock>
  /**
   * Whether a member has a block; `unknown` if that is not certain in time. Rejects as `get` does, except
   * that some ends are answers: evicted, expired, refused as `silent` or `unknown` answer `unknown`;
   * refused as `absent` answers `dont-have`.
   */
  has (cid: CID, options?: HasOptions): Promise<HasAnswer>
}

/** What a {@link LocalClient} is made with. */
export interface WantPort {
  /** Waits until the waiter is answered, perhaps at once. Returns a function that ends the wait. */
  wait (cid: CID, waiter: Waiter): () => void
  readonly timers: Pick<Timers, 'after'>
  readonly wantsPerClient: number
}

/** How long `has` waits for an answer, ms. */
export const DEFAULT_HAS_WITHIN = 5000

/** The least share of its buffer that a block without a copy has: a smaller one would keep too much in memory. */
const MIN_SHARE = 0.75

/** Makes a client within this process, which wants blocks through the port. */
export function createLocalClient (port: WantPort): LocalClient {
  /** Waits for an answer, or until the signal aborts. */
  async function wait (cid: CID, type: AskType, signal?: AbortSignal, within?: number): Promise<Answer | undefined> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Answer | undefined>()
    const leave = port.wait(cid, { type, answer: resolve })

    const onAbort = (): void => {
      leave()
      reject(signal?.reason)
    }

    const cancelTimer = within == null
      ? undefined
      : port.timers.after(within, () => {
        leave()
        resolve(undefined)
      })
    signal?.addEventListener('abort', onAbort)

    try {
      return await promise
    } finally {
      cancelTimer?.()
      signal?.removeEventListener('abort', onAbort)
    }
  }

  const client: LocalClient = {
    async get (cid, { signal, within, shared = false } = {}) {
      return blockOf(await wait(cid, 'block', signal, within), cid, shared)
    },

    getMany: (cids, options) => getMany(async (cid, signal) => client.get(cid, { signal }), port.wantsPerClient, cids, options),

    async has (cid, { signal, within = DEFAULT_HAS_WITHIN, rejectRefused = false } = {}) {
      const answer = await wait(cid, 'have', signal, within)

      if (rejectRefused && answer instanceof WantRefusedError) {
        throw answer
      }

      return presenceOf(answer)
    }
  }

  return client
}

/** A copy for each call, since other calls and peers may use the same buffer. */
function blockOf (answer: Answer | undefined, cid: CID, shared: boolean): Uint8Array<ArrayBuffer> {
  if (answer instanceof Uint8Array) {
    return shared && answer.byteLength >= answer.buffer.byteLength * MIN_SHARE ? answer as Uint8Array<ArrayBuffer> : new Uint8Array(answer)
  }

  if (answer == null) {
    throw new UnknownError(`No member has sent ${cid} in time, but not every member is certain not to have it`)
  }

  throw answer instanceof Error ? answer : new NotFoundError(`No member has ${cid}`)
}

function presenceOf (answer: Answer | undefined): HasAnswer {
  if (answer instanceof Uint8Array) {
    return 'have'
  }

  if (!(answer instanceof Error)) {
    return answer ?? 'unknown'
  }

  const reason = answer instanceof WantRefusedError ? answer.reason : undefined

  if (answer instanceof NotFoundError || reason === 'absent') {
    return 'dont-have'
  }

  if (answer instanceof WantEvictedError || answer instanceof WantExpiredError || reason === 'silent' || reason === 'unknown') {
    return 'unknown'
  }

  throw answer
}
