import { RefsQueryError } from '../errors.ts'
import { formatArg, parseArg } from './arg.ts'
import type { RefsRoot } from './arg.ts'
import type { Query } from '@kitsune/kubo-rpc'

/** What a request asks for: `ipfs refs`. */
export interface RefsQuery {
  /** At least one. */
  readonly roots: readonly RefsRoot[]
  /** Also the links of what is linked to. */
  readonly recursive: boolean
  /** Each CID once. */
  readonly unique: boolean
  /** Lines are `<src> -> <dst>`. */
  readonly edges: boolean
  /** How lines are written, with `<src>`, `<dst>` and `<linkname>`; undefined: `<dst>`. */
  readonly format: string | undefined
  /** How far below the root links are followed; -1: without end. */
  readonly maxDepth: number
  /** The peer id that the client says it has, if it does. */
  readonly peer: string | undefined
}

const MAX_ARGS = 16
const MAX_FORMAT = 256

/**
 * Reads the query of a request as kubo does: options by their long and short names, all
 * but `arg` at most once. What is not known is ignored, and goes no further.
 *
 * @throws {RefsQueryError} with what is wrong
 */
export function parseRefsQuery (params: URLSearchParams): RefsQuery {
  const args = params.getAll('arg')

  if (args.length === 0 || args.length > MAX_ARGS) {
    throw new RefsQueryError(args.length === 0 ? 'arg: is missing; give a CID' : `arg: at most ${MAX_ARGS} may be given`)
  }

  const recursive = flag(params, 'recursive', 'r')
  const edges = flag(params, 'edges', 'e')
  const format = single(params, 'format')

  if (format != null && edges) {
    throw new RefsQueryError('format: is not for use with edges')
  }

  if (format != null && format.length > MAX_FORMAT) {
    throw new RefsQueryError(`format: is longer than ${MAX_FORMAT} characters`)
  }

  return {
    roots: args.map(parseArg),
    recursive,
    unique: flag(params, 'unique', 'u'),
    edges,
    format,
    maxDepth: recursive ? depth(params) : 1,
    peer: single(params, 'peer')
  }
}

/** The query for a member: of the client's words only what was understood is left, always written in the same way. */
export function memberQuery ({ roots, recursive, unique, edges, format, maxDepth }: RefsQuery): Query {
  return {
    arg: roots.map(formatArg),
    recursive: String(recursive),
    ...(unique ? { unique: 'true' } : {}),
    ...(edges ? { edges: 'true' } : {}),
    ...(format == null ? {} : { format }),
    ...(recursive && maxDepth !== -1 ? { 'max-depth': String(maxDepth) } : {})
  }
}

/** The same text for requests that have the same answer. */
export function queryKey (query: RefsQuery): string {
  return JSON.stringify(memberQuery(query))
}

/** How far below the roots the gate follows links: names on the way to what was asked for count as links, too. */
export function gateDepth ({ roots, maxDepth }: RefsQuery): number {
  return maxDepth === -1 ? -1 : maxDepth + Math.max(...roots.map(({ path }) => path.length))
}

function single (params: URLSearchParams, ...names: string[]): string | undefined {
  const values = names.flatMap(name => params.getAll(name))

  if (values.length > 1) {
    throw new RefsQueryError(`${names[0]}: is given more than once`)
  }

  return values[0]
}

/** As Go's strconv.ParseBool; an option without a value is set. */
function flag (params: URLSearchParams, ...names: string[]): boolean {
  const value = single(params, ...names)

  if (value == null || /^(0|f|F|false|FALSE|False)$/.test(value)) {
    return false
  }

  if (/^(|1|t|T|true|TRUE|True)$/.test(value)) {
    return true
  }

  throw new RefsQueryError(`${names[0]}: must be true or false`)
}

function depth (params: URLSearchParams): number {
  const value = single(params, 'max-depth') ?? '-1'

  if (!/^(-1|\d{1,6})$/.test(value)) {
    throw new RefsQueryError('max-depth: must be a whole number from 0, or -1 for no limit')
  }

  return Number(value)
}
