import { MemberRefsError } from '../errors.ts'
import type { RefsQuery } from './query.ts'

/** One line of an answer. */
export interface Ref {
  /** As the format of the query says: a CID, an edge or a text. */
  readonly ref: string
}

/** A node that fetches what a request asks for. */
export interface RefsMember {
  /** As the router's member: its configured name or address. */
  readonly id: string
  /**
   * Asks the member to list a DAG, for which it fetches all of its blocks. The iteration ends
   * only once the member has all of them; it throws every error, early or late: a {@link
   * MemberRefsError}, or the signal's reason.
   */
  refs (query: RefsQuery, signal: AbortSignal): AsyncIterable<Ref>
}

const MAX_LINE = 65_536

/**
 * Reads kubo's answer, an object a line.
 *
 * @throws {MemberRefsError} a line that reports an error, or is not what kubo answers
 */
export async function * readRefs (body: AsyncIterable<Uint8Array>): AsyncGenerator<Ref> {
  const decoder = new TextDecoder()
  let rest = ''

  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''

    for (const line of lines) {
      yield parseRef(line)
    }

    if (rest.length > MAX_LINE) {
      throw new MemberRefsError('the member answered a line that is too long')
    }
  }

  if (rest !== '') {
    throw new MemberRefsError('the answer of the member was cut off in the middle of a line')
  }
}

function parseRef (line: string): Ref {
  let answer: unknown

  try {
    answer = JSON.parse(line)
  } catch {
    throw new MemberRefsError('the answer of the member is not JSON')
  }

  const { Ref: ref, Err: err }: { Ref?: unknown, Err?: unknown } = typeof answer === 'object' && answer != null ? answer : {}

  if (typeof err === 'string' && err !== '') {
    throw new MemberRefsError(`the member reports: ${err.slice(0, 200)}`)
  }

  if (typeof ref !== 'string' || ref === '') {
    throw new MemberRefsError('the member did not answer with a list of links')
  }

  return { ref }
}
