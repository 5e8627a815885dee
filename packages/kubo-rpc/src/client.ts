import { parseEndpoint } from './endpoint.ts'
import { KuboRpcError } from './errors.ts'
import { fetchRequest } from './fetch-request.ts'
import { readJson } from './json-response.ts'
import type { EndpointHost, EndpointInit } from './endpoint.ts'
import type { Fetch } from './fetch-request.ts'

/** The arguments and options of a command; `arg` may be given several times. */
export type Query = Readonly<Record<string, string | readonly string[]>>

/** Where kubo's RPC is, and how it is called. */
export interface KuboRpcInit extends EndpointInit {
  /** Makes the requests. Default: the global `fetch`. */
  readonly fetch?: Fetch
}

/** Options of a call. */
export interface CallInit {
  /** The body of the request, such as FormData or a stream. Default: none. */
  readonly body?: RequestInit['body']
  /** The content type of the body. Default: that of the body itself. */
  readonly contentType?: string
  /** Ends the call and the reading of its answer. Default: never. */
  readonly signal?: AbortSignal
}

/** Calls the commands of one node. */
export interface KuboRpc {
  /** The address as configured, without its credentials: fit for names, errors and logs. */
  readonly name: string
  /** The node's host. */
  readonly host: EndpointHost
  /** Creates the request for a command, such as `block/get`, for programs that make requests themselves. They must not follow redirects. */
  request (command: string, query?: Query, init?: CallInit): Request
  /**
   * Calls a command; resolves with its response, whatever its status. The caller
   * reads or cancels its body.
   *
   * @throws {KuboRpcError} the node cannot be reached, or it redirects
   * @throws the signal's reason, if it aborts
   */
  call (command: string, query?: Query, init?: CallInit): Promise<Response>
  /**
   * Calls a command whose answer is a JSON document of at most 64 KiB.
   *
   * @throws {KuboRpcError} the node cannot be reached, or its answer is not such a document; the message does not show the answer
   * @throws the signal's reason, if it aborts
   */
  json (command: string, query?: Query, init?: CallInit): Promise<unknown>
}

const REDIRECTS = [301, 302, 303, 307, 308]

/**
 * Creates a client for the RPC of a node. A redirect is refused, since it would lead
 * the credentials elsewhere.
 *
 * @throws {InvalidEndpointError} the address or a header is invalid
 */
export function createKuboRpc (init: KuboRpcInit): KuboRpc {
  const { name, host, url, headers } = parseEndpoint(init)
  const { fetch = async request => globalThis.fetch(request) } = init

  const rpc: KuboRpc = {
    name,
    host,

    request (command, query = {}, { body, contentType, signal } = {}) {
      const target = new URL(`api/v0/${command}`, url)

      for (const [key, values] of Object.entries(query)) {
        for (const value of typeof values === 'string' ? [values] : values) {
          target.searchParams.append(key, value)
        }
      }

      return new Request(target, {
        method: 'POST',
        headers: { ...headers, ...(contentType == null ? {} : { 'content-type': contentType }) },
        // workerd does not know 'error'
        redirect: 'manual',
        ...(signal == null ? {} : { signal }),
        // Node.js refuses streams without this option
        ...(body == null ? {} : { body, duplex: 'half' })
      })
    },

    async call (command, query, init) {
      const request = rpc.request(command, query, init)
      const response = await fetchRequest(fetch, request).catch(err => { throw failure(err, init?.signal) })

      // browsers do not show the status of a redirect that was not followed
      if (response.type === 'opaqueredirect' || REDIRECTS.includes(response.status)) {
        await response.body?.cancel()
        throw new KuboRpcError('it redirects, which is refused: credentials go only to the address that is configured')
      }

      return response
    },

    async json (command, query, init) {
      const response = await rpc.call(command, query, init)

      return readJson(response).catch(err => { throw failure(err, init?.signal) })
    }
  }

  return rpc
}

/** Creates the error for a failed call. The message of `fetch` is only "fetch failed"; its cause says what happened. */
function failure (err: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) {
    return signal.reason
  }

  if (err instanceof KuboRpcError) {
    return err
  }

  const cause = err instanceof Error ? err.cause : undefined
  const { code, message }: { code?: unknown, message?: unknown } = cause instanceof Error ? cause : {}

  return new KuboRpcError(typeof code === 'string' ? code : typeof message === 'string' && message !== '' ? message : 'the connection failed')
}
