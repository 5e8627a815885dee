import { NotFoundError, UnknownError, WantEvictedError, WantExpiredError, WantRefusedError } from '../errors.ts'
import { getMany } from './get-many.ts'
import type { GetManyOptions, GotBlock } from './get-many.ts'
import type { Answer, Waiter } from './session.ts'
import type { AskType } from '../strategies/strategy.ts'
import type { Timers } from '../timers.ts'
import type { CID } from 'multiformats/cid'

/** What a router can tell of a block that no client has asked for yet. */
export type HasAnswer = 'have' | 'dont-have' | 'unknown'

/** Options of {@link LocalClient.get}. */
export interface GetOptions {
  /** Ends the wait; what was wanted is taken back, unless another call waits for it. */
  readonly signal?: AbortSignal
  /** Ends the wait after this time, as the signal does, ms. Default: the lifetime of a want. */
  readonly within?: number
  /**
   * Spares the copy, if the buffer of the bytes is not much larger than they are: they may be those that others get, too, and are
   * not to be modified. Default false.
   */
  readonly shared?: boolean
}

/** Options of {@link LocalClient.has}. */
export interface HasOptions extends GetOptions {
  /** After this time the answer is `unknown`, ms. Default 5,000. */
  readonly within?: number
  /** Rejects with a {@link WantRefusedError} where a policy refuses the want, in place of an answer that does not tell. Default false. */
  readonly rejectRefused?: boolean
}

/**
 * A client within the process: it has a round, windows and limits as a peer has,
 * whatever the number of its calls. Calls for one multihash share one want. What goes
 * beyond `wantsPerClient` waits for its turn. No call hangs: each ends by its
 * block, with an error, or when the lifetime of its want is over (10 min).
 *
 * Bytes belong to the call that got them: a copy, which keeps nothing else
 * in memory, and which may be modified.
 */
export interface LocalClient {
  /**
   * A block, verified. Rejects with the signal's reason once that aborts.
   *
   * @throws {NotFoundError} if all members are certain that they do not have it
   * @throws {UnknownError} if it is not there `within` the time that it was given
   * @throws {WantExpiredError} if no member served it in its lifetime, as while members are down
   * @throws {WantEvictedError} if it was given up for another
   * @throws {WantRefusedError} if it is not to be asked for; its `reason` says why
   * @throws {DrainingError} if the router drains
   * @throws {StoppedError} if the router has stopped, or stops
   */
  get (cid: CID, options?: GetOptions): Promise<Uint8Array<ArrayBuffer>>
  /**
   * Many blocks, each as soon as it is there. An error is that of one block and ends no other; the iteration
   * itself throws what `cids` throws, and the signal's reason. What is still wanted when it ends is taken back.
   */
  getMany (cids: Iterable<CID> | AsyncIterable<CID>, options?: GetManyOptions): AsyncIterable<GotBlock>
  /**
   * Whether a member has a block: `unknown` if that is not certain in time. Rejects as `get`, but where
   * an end is an answer: evicted, expired, `silent` and `unknown` are `unknown`, `absent` is `dont-have`.
   */
  has (cid: CID, options?: HasOptions): Promise<HasAnswer>
}

/** What a {@link LocalClient} is built on. */
export interface WantPort {
  /** Waits until the waiter is answered, which may be at once, or until the result is called. */
  wait (cid: CID, waiter: Waiter): () => void
  readonly timers: Pick<Timers, 'after'>
  readonly wantsPerClient: number
}

/** How long `has` waits for an answer, ms. */
export const DEFAULT_HAS_WITHIN = 5000

/** Of its buffer: less would keep too much in memory. */
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

/** A copy for each call that may modify it: others wait for the same buffer, peers among them. */
function blockOf (answer: Answer | undefined, cid: CID, shared: boolean): Uint8Array<ArrayBuffer> {
  if (answer instanceof Uint8Array) {
    return shared && answer.byteLength >= answer.buffer.byteLength * MIN_SHARE ? answer as Uint8Array<ArrayBuffer> : new Uint8Array(answer)
  }

  if (answer == null) {
    throw new UnknownError(`No member has sent ${cid} in time, and not every member is certain not to have it`)
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
