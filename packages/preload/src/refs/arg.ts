import { MAX_CID_LENGTH } from '@kitsune/bitswap-codec'
import { bases } from 'multiformats/basics'
import { CID } from 'multiformats/cid'
import { RefsQueryError } from '../errors.ts'

/** One argument of a request: a DAG, or a path into one. */
export interface RefsRoot {
  readonly cid: CID
  /** Names below the root, in order; empty: the root itself. */
  readonly path: readonly string[]
}

/** Names of keys: peers, IPNS. */
const LIBP2P_KEY = 0x72
const MAX_ARG = 2048

/** By their prefix: all bases in which CIDs are written. */
const DECODERS: ReadonlyMap<string, { decode (text: string): Uint8Array }> = new Map(Object.values(bases).map(base => [base.prefix, base.decoder]))

/**
 * Reads `<cid>`, `/ipfs/<cid>` and both with a path behind. Names that would have to be
 * looked up (`/ipns/…`, domains, peer ids) are refused, and so are paths that are not
 * written plainly: nothing is shortened.
 *
 * @throws {RefsQueryError}
 */
export function parseArg (arg: string): RefsRoot {
  if (arg === '') {
    throw new RefsQueryError('arg: is empty; give a CID, or /ipfs/<cid> with or without a path')
  }

  // eslint-disable-next-line no-control-regex
  if (arg.length > MAX_ARG || /[\u0000-\u001f\u007f]/.test(arg)) {
    throw new RefsQueryError('arg: is too long, or has control characters')
  }

  if (/^\/?ipns(\/|$)/.test(arg)) {
    throw new RefsQueryError('arg: names are not resolved here; give the CID')
  }

  const [root, ...rest] = arg.replace(/^\/ipfs\//, '').split('/')
  const path = rest.at(-1) === '' ? rest.slice(0, -1) : rest

  if (path.some(name => name === '' || name === '.' || name === '..')) {
    throw new RefsQueryError('arg: a path has no empty names, "." or ".."')
  }

  return { cid: parseCid(root), path }
}

/** The one way in which this argument is written to members. */
export function formatArg ({ cid, path }: RefsRoot): string {
  return ['', 'ipfs', cid.toString(), ...path].join('/')
}

function parseCid (text: string): CID {
  let cid: CID

  try {
    const decoder = /^Qm[1-9A-HJ-NP-Za-km-z]{44}$/.test(text) ? undefined : DECODERS.get(text[0])
    cid = decoder == null ? CID.parse(text) : CID.decode(decoder.decode(text))
  } catch {
    throw new RefsQueryError(`arg: "${text.slice(0, 100)}" is not a CID`)
  }

  if (cid.code === LIBP2P_KEY) {
    throw new RefsQueryError('arg: it is the name of a key, and names are not resolved here')
  }

  if (cid.byteLength > MAX_CID_LENGTH) {
    throw new RefsQueryError(`arg: the CID is longer than ${MAX_CID_LENGTH} bytes`)
  }

  return cid
}
