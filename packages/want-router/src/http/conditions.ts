/** Which part of a representation is sent. */
export interface ByteRange {
  readonly start: number
  /** The last byte, inclusive. */
  readonly end: number
}

/** Whether `If-None-Match` names that entity tag; weak and strong tags match each other. */
export function matchesEtag (header: string | null, etag: string): boolean {
  if (header == null) {
    return false
  }

  const strong = etag.replace(/^W\//, '')

  return header.split(',').some(tag => tag.trim().replace(/^W\//, '') === strong)
}

/** Whether `If-None-Match` matches any representation. */
export function matchesAny (header: string | null): boolean {
  return header?.split(',').some(tag => tag.trim() === '*') ?? false
}

const RANGE = /^bytes=(\d*)-(\d*)$/

/**
 * The range that the header `Range` asks for; undefined: all bytes, also for several ranges and for a malformed
 * header; `unsatisfiable`: the range is outside of the block.
 */
export function parseRange ({ headers }: Pick<Request, 'headers'>, etag: string, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [match, from, to] = RANGE.exec(headers.get('range')?.replaceAll(' ', '') ?? '') ?? []
  const condition = headers.get('if-range')

  if (match == null || (from === '' && to === '') || (condition != null && condition !== etag)) {
    return
  }

  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)

  if (from !== '' && to !== '' && Number(to) < Number(from)) {
    return
  }

  return start > end ? 'unsatisfiable' : { start, end }
}
