import type { CID } from 'multiformats/cid'

/**
 * Tries one location after the other until one has the block.
 *
 * @returns undefined if there are no locations
 * @throws {Error} the failure if there was one location, or an AggregateError of all failures if there were several: a failure never means that the block is absent
 */
export async function attemptAll<Place, T> (cid: CID, places: Iterable<Place>, signal: AbortSignal | undefined, attempt: (place: Place) => Promise<T>, failures: Error[] = []): Promise<T | undefined> {
  for (const place of places) {
    try {
      return await attempt(place)
    } catch (err) {
      signal?.throwIfAborted()
      failures.push(toError(err))
    }
  }

  if (failures.length > 0) {
    throw combine(cid, failures)
  }

  return undefined
}

/** Returns a single failure unchanged, and combines several into one error. */
export function combine (cid: CID, failures: readonly Error[]): Error {
  return failures.length === 1
    ? failures[0]
    : new AggregateError(failures, `${cid} could not be read from any of ${failures.length} locations: ${failures.map(({ message }) => message).join('; ')}`)
}

/** Converts whatever was thrown to an Error. */
export function toError (err: unknown): Error {
  return err instanceof Error ? err : new Error(String(err))
}
