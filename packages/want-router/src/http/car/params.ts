import { hashString } from '../../engine/hash.ts'
import { HttpRequestError } from '../errors.ts'
import type { BlockRequest } from '../block-request.ts'
import type { EntityBytes } from '../dag/expand.ts'

/** Which blocks of a DAG a CAR has, and in which form. */
export interface CarParams {
  readonly scope: 'block' | 'entity' | 'all'
  /** Of a file, if the scope is `entity`. */
  readonly range?: EntityBytes
  /** `unk`: the client accepts any order, and gets depth-first order, too. */
  readonly order: 'dfs' | 'unk'
  readonly duplicates: boolean
}

/**
 * Reads the parameters of a CAR. Parameters of the URL take precedence over those of the media type.
 *
 * @throws {HttpRequestError} 400 for malformed or unsupported parameters
 */
export function parseCarParams ({ query, accepted }: Pick<BlockRequest, 'query' | 'accepted'>): CarParams {
  const parameter = (name: string): string => [query.get(`car-${name}`), accepted.get(name)].find(value => value != null && value !== '') ?? ''
  const version = parameter('version')
  const entityBytes = query.get('entity-bytes')

  if (version !== '' && version !== '1') {
    throw new HttpRequestError(`CARs have version 1, not "${version}"`)
  }

  return {
    scope: oneOf('dag-scope', query.get('dag-scope') ?? 'all', ['block', 'entity', 'all']),
    range: entityBytes == null ? undefined : parseEntityBytes(entityBytes),
    order: oneOf('order', parameter('order') === '' ? 'dfs' : parameter('order'), ['dfs', 'unk']),
    duplicates: oneOf('dups', parameter('dups') === '' ? 'n' : parameter('dups'), ['y', 'n']) === 'y'
  }
}

function oneOf <T extends string> (name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find(one => one === value)

  if (found == null) {
    throw new HttpRequestError(`${name} must be one of ${allowed.join(', ')}, not "${value}"`)
  }

  return found
}

function parseEntityBytes (text: string): EntityBytes {
  const [match, from, to] = /^([+-]?\d+):([+-]?\d+|\*)$/.exec(text) ?? []
  const range = { from: Number(from), to: to === '*' ? undefined : Number(to) }

  if (match == null || isReversed(range)) {
    throw new HttpRequestError(`entity-bytes must be a range from:to such as 0:1023, 0:* or -1024:*, not "${text}"`)
  }

  return range
}

/** An end that counts from the start and one that counts from the end can be compared only when the length is known. */
function isReversed ({ from, to = Infinity }: EntityBytes): boolean {
  return from > to && (from < 0) === (to < 0)
}

/** The media type of a CAR with these parameters. */
export function carType ({ order, duplicates }: CarParams): string {
  return `application/vnd.ipld.car; version=1; order=${order}; dups=${duplicates ? 'y' : 'n'}`
}

/** A weak entity tag: a later version may write the same blocks in another order. */
export function carEtag ({ cid, path }: BlockRequest, { scope, range, order, duplicates }: CarParams): string {
  const rest = JSON.stringify([path, scope, range?.from ?? 0, range?.to ?? null, order, duplicates])

  return `W/"${cid}.car.${hashString(rest, 0).toString(32)}"`
}
