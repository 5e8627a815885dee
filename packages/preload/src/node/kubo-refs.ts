import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { createKuboRpc, failureMessage } from '@kitsune/kubo-rpc'
import { MemberRefsError } from '../errors.ts'
import { readRefs } from '../refs/member.ts'
import { pastUndecodable } from '../refs/past-undecodable.ts'
import { memberQuery } from '../refs/query.ts'
import { walkedRefs } from '../refs/walked-refs.ts'
import type { Ref, RefsMember } from '../refs/member.ts'
import type { EndpointInit } from '@kitsune/kubo-rpc'
import type { ClientRequest, IncomingMessage } from 'node:http'

/** How kubo is asked for refs. */
export interface KuboRefsInit extends EndpointInit {
  /** The router's name of the member. Default: its address, without credentials. */
  readonly id?: string
}

const MAX_ERROR = 16_384

/**
 * A kubo that lists refs by its RPC. It is called with node:http, which shows trailers: in a
 * trailer kubo reports an error that happens after it has begun to answer, where `fetch` sees a
 * clean end. If kubo stops at a block that it cannot read, the rest is walked, block by block.
 *
 * @throws {InvalidEndpointError} the address or a header is invalid
 */
export function kuboRefs (init: KuboRefsInit): RefsMember {
  return pastUndecodable(listedRefs(init), walkedRefs(init))
}

/** Lists by kubo's own `refs`. */
function listedRefs (init: KuboRefsInit): RefsMember {
  const rpc = createKuboRpc(init)

  return {
    id: init.id ?? rpc.name,

    async * refs (query, signal): AsyncGenerator<Ref> {
      const { url, headers } = rpc.request('refs', memberQuery(query))
      const call = (url.startsWith('https:') ? requestHttps : requestHttp)(url, { method: 'POST', headers: Object.fromEntries(headers), signal, agent: false })

      try {
        const response = await answered(call)

        if (response.statusCode !== 200) {
          throw new MemberRefsError(await failure(response))
        }

        yield * readRefs(response)
        expectComplete(response)
      } catch (err) {
        signal.throwIfAborted()
        throw err instanceof MemberRefsError ? err : new MemberRefsError(`the member cannot be asked: ${reason(err)}`)
      } finally {
        // the member stops to fetch
        call.destroy()
      }
    }
  }
}

async function answered (call: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    call.on('response', resolve)
    // also after the response has begun, when reading it throws the same
    call.on('error', reject)
    call.end()
  })
}

/** Creates the error for an answer that is not a list. */
async function failure (response: IncomingMessage): Promise<string> {
  const { statusCode = 0 } = response

  if (statusCode >= 300 && statusCode < 400) {
    return 'the member redirects, which is refused: credentials go only to the address that is configured'
  }

  let text = ''

  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk

    if (text.length > MAX_ERROR) {
      break
    }
  }

  return `the member answered ${statusCode}: ${failureMessage(text)}`
}

/** @throws {MemberRefsError} the answer was cut off, or its trailer reports an error */
function expectComplete (response: IncomingMessage): void {
  const error = response.trailers['x-stream-error']

  if (error != null && error !== '') {
    throw new MemberRefsError(`the member reports: ${error.slice(0, 200)}`)
  }

  // an answer that ends with its connection may have been cut off anywhere
  const framed = response.headers['transfer-encoding'] === 'chunked' || response.headers['content-length'] != null

  if (!response.complete || !framed) {
    throw new MemberRefsError('the answer of the member was cut off')
  }
}

function reason (err: unknown): string {
  const { code, message }: { code?: unknown, message?: unknown } = err instanceof Error ? err : {}

  return String(code ?? message ?? 'the connection failed')
}
