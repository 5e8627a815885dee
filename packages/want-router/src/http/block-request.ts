import { parseCid } from '../parse-cid.ts'
import { HttpRequestError } from './errors.ts'
import type { CID } from 'multiformats/cid'

/** The formats of responses. */
export type Format = 'raw' | 'car'

/** A request for a block, or for blocks of a DAG. */
export interface BlockRequest {
  readonly cid: CID
  /** What follows the CID, decoded. */
  readonly path: readonly string[]
  readonly format: Format
  readonly query: URLSearchParams
  /** Parameters of the media type that was accepted: `order`, `dups` and `version` of a CAR. */
  readonly accepted: ReadonlyMap<string, string>
  /** The path as it is in the URL. */
  readonly pathname: string
  /** The decoded path of the block, for `X-Ipfs-Path`. */
  readonly contentPath: string
  /** Whether the header `Accept` chose the format. */
  readonly negotiated: boolean
}

const TYPES: ReadonlyMap<string, Format> = new Map([
  ['application/vnd.ipld.raw', 'raw'],
  ['application/vnd.ipld.car', 'car']
])
const FORMATS: ReadonlySet<string> = new Set(TYPES.values())

const RASL = '/.well-known/rasl/'

/**
 * Reads what a request asks for.
 *
 * @throws {HttpRequestError} 400 for malformed requests, 404 for other paths, 406 for formats that cannot be verified
 */
export function parseBlockRequest ({ url, headers }: Pick<Request, 'url' | 'headers'>): BlockRequest {
  const { pathname, searchParams: query } = new URL(url)

  if (pathname.startsWith(RASL)) {
    const name = decodePath(pathname.slice(RASL.length))

    return { cid: cidOf(name), path: [], format: 'raw', query, accepted: new Map(), pathname, contentPath: `/ipfs/${name}`, negotiated: false }
  }

  const [, namespace, name, ...path] = pathname.split('/')

  if (namespace !== 'ipfs' || name == null || name === '') {
    throw new HttpRequestError('Blocks are at /ipfs/<cid>?format=raw, and CARs at /ipfs/<cid>?format=car', 404)
  }

  const segments = path.map(decodePath)
  const decoded = segments.filter(segment => segment !== '')
  const cid = cidOf(decodePath(name))
  const { format, accepted, negotiated } = formatOf(query, headers.get('accept') ?? '')

  if (format == null) {
    throw new HttpRequestError('Only what can be verified is served: add ?format=raw or ?format=car, or accept application/vnd.ipld.raw or application/vnd.ipld.car', 406)
  }

  if (format === 'raw' && decoded.length > 0) {
    throw new HttpRequestError('A block has no path: ask for a CAR, whose blocks prove what the path leads to', 406)
  }

  return { cid, path: decoded, format, query, accepted, pathname, contentPath: ['/ipfs', name, ...segments].join('/'), negotiated }
}

function cidOf (name: string): CID {
  const cid = parseCid(name)

  if (cid == null) {
    throw new HttpRequestError('The path has no valid CID')
  }

  return cid
}

function decodePath (segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new HttpRequestError('The path is not percent-encoded UTF-8')
  }
}

/** `?format=` takes precedence over `Accept`, of which the first supported type counts. */
function formatOf (query: URLSearchParams, accept: string): { format?: Format, accepted: ReadonlyMap<string, string>, negotiated: boolean } {
  const asked = query.get('format') ?? ''

  for (const value of accept.split(',')) {
    const [type, ...parameters] = value.split(';').map(part => part.trim().toLowerCase())
    const format = TYPES.get(type)

    if (format != null && (asked === '' || asked === format)) {
      return { format, accepted: new Map(parameters.map(parsePair).filter(([name]) => name !== 'q')), negotiated: asked === '' }
    }
  }

  return { format: FORMATS.has(asked) ? asked as Format : undefined, accepted: new Map(), negotiated: false }
}

function parsePair (parameter: string): [string, string] {
  const [name, value = ''] = parameter.split('=')

  return [name.trim(), value.trim().replace(/^"(.*)"$/, '$1')]
}
