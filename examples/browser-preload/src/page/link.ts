import { CID } from 'multiformats/cid'

/** A file that was left. */
export interface LeftFile {
  readonly cid: CID
  readonly name: string
}

/** The part of a link after `#` that names a file. */
export function linkTo ({ cid, name }: LeftFile): string {
  return `#${cid}/${encodeURIComponent(name)}`
}

/** The file that a link names; undefined if it does not name one. */
export function parseLink (hash: string): LeftFile | undefined {
  const [, cid, name] = /^#([^/]+)\/(.+)$/.exec(hash) ?? []

  try {
    return cid == null ? undefined : { cid: CID.parse(cid), name: decodeURIComponent(name) }
  } catch {
    return undefined
  }
}
