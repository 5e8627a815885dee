import { failureMessage } from '@kitsune/kubo-rpc'
import { DEFAULTS } from '../defaults.ts'
import { StoreRefusedError, StoreUnavailableError } from '../errors.ts'
import { discard, readText } from '../http/body.ts'
import { createHttpClient, statusError } from '../http/client.ts'
import { connectKuboRpc } from '../http/endpoint.ts'
import { createVerify, inlineBlock } from '../verify.ts'
import { readBlockBody } from './http-block.ts'
import { checkMaxBlock } from './max-block.ts'
import type { BlockSource } from '../block-source.ts'
import type { Attempt, HttpOptions } from '../http/client.ts'
import type { VerifyInit } from '../verify.ts'
import type { EndpointInit } from '@kitsune/kubo-rpc'
import type { CID } from 'multiformats/cid'

/** Options of {@link kuboSource}. */
export interface KuboSourceInit extends HttpOptions, VerifyInit, EndpointInit {
  /**
   * Whether the node only checks its own blocks. Otherwise it also asks its network,
   * and a block that no peer has takes until `timeout`. Default true
   */
  readonly offline?: boolean
  /** How long the node may search, in ms; then the result is unknown, not a miss. Default: until the read is aborted */
  readonly timeout?: number
  /** The longest block that is accepted, in bytes. Default 4 MiB */
  readonly maxBlock?: number
}

/**
 * Reads blocks from a kubo node by its RPC: `block/get` and `block/stat`.
 *
 * @throws {InvalidOptionError} if an option is invalid
 */
export function kuboSource (init: KuboSourceInit): BlockSource {
  const { offline = true, timeout, maxBlock = DEFAULTS.maxBlock } = init
  const rpc = connectKuboRpc(init)
  const client = createHttpClient(init)
  const verify = createVerify(init)
  checkMaxBlock(maxBlock)

  async function ask<T> (command: 'get' | 'stat', cid: CID, signal: AbortSignal | undefined, read: (attempt: Attempt) => Promise<T>): Promise<T | undefined> {
    const what = `block/${command} ${cid}`
    const query = { arg: cid.toString(), offline: String(offline), ...(timeout == null ? {} : { timeout: `${timeout}ms` }) }

    return client({
      kind: 'fetch',
      what,
      signal,
      request: ({ signal }) => rpc.request(`block/${command}`, query, { signal }),
      async handle (attempt) {
        return attempt.response.status === 200 ? read(attempt) : readFailure(what, attempt)
      }
    })
  }

  return {
    async get (cid, { signal } = {}) {
      signal?.throwIfAborted()
      const bytes = inlineBlock(cid) ?? await ask('get', cid, signal, async attempt => readBlockBody(`block/get ${cid}`, attempt, maxBlock))

      if (bytes != null) {
        await verify(cid, bytes)
      }

      return bytes
    },

    async stat (cid, { signal } = {}) {
      signal?.throwIfAborted()
      const inline = inlineBlock(cid)

      return inline == null ? ask('stat', cid, signal, async attempt => readSize(cid, attempt)) : { size: inline.byteLength }
    }
  }
}

/** kubo answers all failures with status 500; only its message says that it did not find the block. */
async function readFailure (what: string, { response, signal, progress }: Attempt): Promise<undefined> {
  if (response.status !== 500) {
    await discard(response.body)
    throw statusError(what, response)
  }

  const message = failureMessage(await readText(response.body, { signal, progress }))

  if (/could not find|not found locally|block not found/.test(message)) {
    return undefined
  }

  throw new StoreUnavailableError(`${what}: ${message}`, { status: 500 })
}

async function readSize (cid: CID, { response, signal, progress }: Attempt): Promise<{ size: number }> {
  const answer = parseJson(await readText(response.body, { signal, progress }))
  const size = typeof answer === 'object' && answer != null && 'Size' in answer ? answer.Size : undefined

  if (!Number.isSafeInteger(size)) {
    throw new StoreRefusedError(`block/stat ${cid}: the response is not one of kubo`)
  }

  return { size: Number(size) }
}

function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
