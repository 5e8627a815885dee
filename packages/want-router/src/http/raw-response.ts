import { matchesAny, matchesEtag, parseRange } from './conditions.ts'
import { MAX_PEER_BLOCK } from './defaults.ts'
import { HttpRequestError } from './errors.ts'
import { contentHeaders, notModified } from './headers.ts'
import { isPeer } from './peer-agent.ts'
import { textResponse } from './responses.ts'
import { checkReady, headSize } from './serving.ts'
import type { BlockRequest } from './block-request.ts'
import type { PlainHeaders } from './responses.ts'
import type { Serving } from './serving.ts'
import type { LocalClient } from '../local/local-client.ts'

/** Answers a request for a block. Rejects with the error of the want. */
export async function rawResponse (request: Request, asked: BlockRequest, serving: Serving, client: LocalClient): Promise<Response> {
  const { cid } = asked
  const { method, headers, signal } = request
  // the same as kubo's
  const etag = `"${cid}.raw"`
  const noneMatch = headers.get('if-none-match')

  if (matchesEtag(noneMatch, etag)) {
    return notModified(asked, etag) // the client has the block already, so no member has to be asked
  }

  checkReady(serving, cid)
  const block = method === 'HEAD' ? undefined : await client.get(cid, { signal, within: serving.getWithin, shared: true })
  const size = block?.byteLength ?? await headSize(serving, client, cid, signal)

  if (matchesAny(noneMatch)) {
    return notModified(asked, etag)
  }

  if (size != null && size > MAX_PEER_BLOCK && isPeer(request)) {
    throw new HttpRequestError(`The block has ${size} bytes, but a peer accepts at most ${MAX_PEER_BLOCK} over HTTP: ask for it over bitswap`, 410)
  }

  return block == null ? headResponse(asked, etag, size) : blockResponse(request, asked, etag, block, serving)
}

function headResponse (asked: BlockRequest, etag: string, size: number | undefined): Response {
  return new Response(null, { headers: rawHeaders(asked, etag, size == null ? {} : { 'content-length': `${size}` }) })
}

function blockResponse (request: Request, asked: BlockRequest, etag: string, block: Uint8Array<ArrayBuffer>, { createResponse }: Serving): Response {
  const size = block.byteLength
  const range = parseRange(request, etag, size)

  if (range === 'unsatisfiable') {
    return textResponse('GET', 416, `The block has ${size} bytes`, { 'content-range': `bytes */${size}` })
  }

  if (range == null) {
    return createResponse(block, { headers: rawHeaders(asked, etag, { 'content-length': `${size}` }) })
  }

  const { start, end } = range

  return createResponse(block.subarray(start, end + 1), {
    status: 206,
    headers: rawHeaders(asked, etag, { 'content-length': `${end + 1 - start}`, 'content-range': `bytes ${start}-${end}/${size}` })
  })
}

function rawHeaders (asked: BlockRequest, etag: string, more: PlainHeaders): Record<string, string> {
  const content = { etag, type: 'application/vnd.ipld.raw', filename: `${asked.cid}.bin`, roots: [asked.cid] }

  return contentHeaders(asked, content, { 'accept-ranges': 'bytes', ...more })
}
