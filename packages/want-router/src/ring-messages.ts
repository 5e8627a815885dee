import { hashString } from './engine/hash.ts'
import type { Stream } from '@libp2p/interface'

/**
 * Routers tell those that ask them which routers they ask in turn, so that a ring of
 * them is recognised: in one, a want would go round for ever. Two that ask each other
 * need none of this, see `engine/loops.ts`.
 *
 * A stream of this protocol brings lines of JSON, one whenever something has changed:
 * the ways through other routers, each a list of their names, the nearest first. A name
 * is a hash of a peer id: a peer that does not know the id does not learn it.
 */
export const PROTOCOL = '/kitsune/asks/1.0.0'

/** The longest ring that is recognised, routers. */
export const LONGEST = 8
/** The most ways that are told, or taken from another router. */
export const MOST_WAYS = 64
/** The most that one line of it may have, characters. */
export const MOST_BYTES = 16_384
/** Of a name, characters. */
const NAME_LENGTH = 16

/** Tells a router something. */
export function say (stream: Stream, line: string): void {
  // one that reads nothing is told nothing more
  if (stream.writeStatus === 'writable' && !stream.writableNeedsDrain) {
    stream.send(new TextEncoder().encode(`${line}\n`))
  }
}

/** What a router has said; anything else than ways says nothing. */
export function parseWays (line: string): string[][] {
  let said: unknown

  try {
    said = JSON.parse(line)
  } catch {
    return []
  }

  return Array.isArray(said)
    ? said.slice(0, MOST_WAYS).filter((way): way is string[] => Array.isArray(way) && way.length <= LONGEST && way.every(name => typeof name === 'string' && name.length <= NAME_LENGTH))
    : []
}

/** The name of a router: 64 bits are enough to tell a few apart. */
export function nameOf (peer: string): string {
  return [1, 2].map(seed => (hashString(peer, seed) >>> 0).toString(16).padStart(8, '0')).join('')
}
