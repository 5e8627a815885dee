/** An answer as a flat record: its status, each header, and its bytes in hexadecimal. */
export type Answer = Record<string, string | number>

export interface Compared {
  readonly request: { readonly method: string, readonly path: string, readonly headers: Headers }
  readonly theirs: Answer
  readonly ours: Answer
}

/** How the HTTP door differs from kubo's gateway, and why. */
export interface Difference {
  readonly name: string
  readonly why: string
  /** The parts that differ: headers, `status`, `body`, or `all`. */
  readonly fields: readonly string[]
  applies (compared: Compared): boolean
}

/** The text with which kubo ends a CAR that it cannot complete. */
const TRUNCATED = Buffer.from('[Gateway Error: CAR stream truncated').toString('hex')
const always = (): boolean => true
const isCarTag = ({ etag }: Answer): boolean => /^W\/"\w+\.car\.\w+"$/.test(String(etag))
const isError = ({ ours }: Compared): boolean => Number(ours.status) >= 400

export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'transport',
    why: 'they are those of the connection',
    fields: ['connection', 'date', 'keep-alive', 'transfer-encoding', 'trailer'],
    applies: always
  },
  {
    name: 'CORS',
    why: 'pages learn what they may send only by OPTIONS; they may read the entity tag and Retry-After',
    fields: ['access-control-allow-headers', 'access-control-allow-methods', 'access-control-expose-headers'],
    applies: always
  },
  {
    name: 'entity tags of CARs',
    why: 'each server has its own hash of what was asked for',
    fields: ['etag'],
    applies: ({ theirs, ours }) => isCarTag(theirs) && isCarTag(ours) && String(theirs.etag).split('.')[0] === String(ours.etag).split('.')[0]
  },
  {
    name: 'length of small CARs',
    why: 'Go counts a body that fits its buffer; a CAR is sent while it is made',
    fields: ['content-length'],
    applies: ({ ours }) => ours['content-length'] == null && String(ours['content-type']).startsWith('application/vnd.ipld.car')
  },
  {
    name: 'no headers of content with 304',
    why: 'a client that has the content also has these headers',
    fields: ['x-ipfs-path', 'x-content-type-options', 'content-disposition', 'content-location'],
    applies: ({ theirs, ours }) => theirs.status === 304 && ours.status === 304
  },
  {
    name: 'ranges that end before they begin',
    why: 'RFC 9110 says that invalid ranges are ignored',
    fields: ['all'],
    applies: ({ theirs, ours, request }) => theirs.status === 400 && ours.status === 200 && request.headers.get('range') === 'bytes=9-0'
  },
  {
    name: 'empty segments',
    why: 'empty path segments are ignored, without a redirect',
    fields: ['all'],
    applies: ({ theirs, request }) => theirs.status === 307 && request.path.includes('//')
  },
  {
    name: 'ranges of a file without bytes',
    why: 'kubo breaks the CAR off where a range ends before a file begins; it is a CAR without a byte of the file',
    fields: ['body'],
    applies: ({ theirs, ours, request }) => /entity-bytes=\d+:-/.test(request.path) && String(theirs.body).startsWith(String(ours.body)) && String(theirs.body).includes(TRUNCATED)
  },
  {
    name: 'CARs of missing blocks',
    why: 'kubo sends a CAR without blocks, as for a path that leads nowhere; here it is known that no member has the block, which is 404',
    fields: ['all'],
    applies: ({ theirs, ours, request }) => theirs.status === 200 && ours.status === 404 && request.path.includes('format=car')
  },
  {
    name: 'Vary',
    why: 'caches must not serve a format chosen by Accept to a client that accepts another',
    fields: ['vary'],
    applies: ({ theirs, request }) => theirs.vary == null && request.headers.has('accept')
  },
  {
    name: 'texts of errors',
    why: 'kubo prints internal errors; errors must not be cached, since the block may be found a moment later',
    fields: ['body', 'cache-control', 'content-length', 'x-ipfs-path', 'content-location', 'content-type', 'content-disposition', 'etag', 'x-ipfs-roots', 'accept-ranges'],
    applies: isError
  }
]

export async function readAnswer (response: Response): Promise<Answer> {
  let body: string

  try {
    body = Buffer.from(await response.arrayBuffer()).toString('hex')
  } catch (err) {
    body = 'broken off'
  }

  return { status: response.status, ...Object.fromEntries(response.headers), body }
}
