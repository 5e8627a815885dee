import { DEFAULTS } from '../defaults.ts'
import { discard } from '../http/body.ts'
import { createHttpClient, statusError } from '../http/client.ts'
import { readEndpoint } from '../http/endpoint.ts'
import { infoOf } from '../http/object.ts'
import { createVerify, inlineBlock } from '../verify.ts'
import { readBlockBody } from './http-block.ts'
import { checkMaxBlock } from './max-block.ts'
import type { BlockSource } from '../block-source.ts'
import type { HttpOptions } from '../http/client.ts'
import type { VerifyInit } from '../verify.ts'
import type { EndpointInit } from '@kitsune/kubo-rpc'
import type { CID } from 'multiformats/cid'

/** Options of {@link gatewaySource}. */
export interface GatewaySourceInit extends HttpOptions, VerifyInit, EndpointInit {
  /** Whether 404 means certain absence, and not only that this gateway has not found the block. Default true */
  readonly complete?: boolean
  /** The longest block that is accepted, in bytes. Default 4 MiB */
  readonly maxBlock?: number
}

const RAW = 'application/vnd.ipld.raw'

/**
 * Reads blocks from a trustless gateway: `/ipfs/<cid>?format=raw` below its URL. 404 and
 * 410 are misses; 451 and other refusals are failures.
 *
 * @throws {InvalidOptionError} if an option is invalid
 */
export function gatewaySource (init: GatewaySourceInit): BlockSource {
  const { complete = true, maxBlock = DEFAULTS.maxBlock } = init
  const { url, headers } = readEndpoint(init)
  const client = createHttpClient(init)
  const verify = createVerify(init)
  checkMaxBlock(maxBlock)

  async function ask<T> (method: 'GET' | 'HEAD', cid: CID, signal: AbortSignal | undefined, read: Parameters<typeof client<T | undefined>>[0]['handle']): Promise<T | undefined> {
    const what = `${method} /ipfs/${cid}`

    return client({
      kind: 'fetch',
      what,
      signal,
      request: options => new Request(new URL(`ipfs/${cid}?format=raw`, url), { ...options, method, headers: { accept: RAW, 'accept-encoding': 'identity', ...headers } }),
      async handle (attempt) {
        const { response } = attempt

        if (response.status === 200) {
          return read(attempt)
        }

        await discard(response.body)

        if (response.status === 404 || response.status === 410) {
          return undefined
        }

        throw statusError(what, response)
      }
    })
  }

  return {
    complete,

    async get (cid, { signal } = {}) {
      signal?.throwIfAborted()
      const bytes = inlineBlock(cid) ?? await ask('GET', cid, signal, async attempt => readBlockBody(`GET /ipfs/${cid}`, attempt, maxBlock))

      if (bytes != null) {
        await verify(cid, bytes)
      }

      return bytes
    },

    async stat (cid, { signal } = {}) {
      signal?.throwIfAborted()
      const inline = inlineBlock(cid)

      return inline == null
        ? ask('HEAD', cid, signal, async ({ response }) => ({ size: infoOf(`/ipfs/${cid}`, response.headers).size }))
        : { size: inline.byteLength }
    }
  }
}
