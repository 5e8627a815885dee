import { KuboRpcError } from './errors.ts'

/** An answer of /api/v0/id is some kilobytes. */
const MAX_BYTES = 65_536

/**
 * Fetches a small JSON document: no redirects, at most 64 KiB. Its errors show
 * neither headers nor what was answered.
 *
 * @throws {KuboRpcError} with the reason
 */
export async function readJson (url: URL, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...init, redirect: 'error' }).catch(err => {
    throw new KuboRpcError(reason(err))
  })

  if (response.status !== 200) {
    await response.body?.cancel()
    throw new KuboRpcError(`it answered ${response.status}${HINTS[response.status] ?? ''}`)
  }

  const text = await readText(response)

  try {
    return JSON.parse(text)
  } catch {
    throw new KuboRpcError('it answered what is not JSON')
  }
}

const HINTS: Record<number, string> = {
  401: ': check the credentials',
  403: ': check the credentials, and API.Authorizations of the node',
  404: ': is this the RPC, and not the gateway?',
  405: ': is this the RPC, and not the gateway?'
}

async function readText (response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let length = 0

  try {
    for await (const chunk of response.body ?? []) {
      length += chunk.byteLength

      if (length > MAX_BYTES) {
        throw new KuboRpcError(`it answered more than ${MAX_BYTES} bytes`)
      }

      text += decoder.decode(chunk, { stream: true })
    }
  } catch (err) {
    throw err instanceof KuboRpcError ? err : new KuboRpcError(reason(err))
  }

  return text + decoder.decode()
}

/** fetch says no more than "fetch failed"; the cause has what happened. */
function reason (err: unknown): string {
  const cause = err instanceof Error ? err.cause : undefined
  const { code, message }: { code?: unknown, message?: unknown } = cause instanceof Error ? cause : {}

  if (message === 'unexpected redirect') {
    return 'it redirects, which is refused'
  }

  if (typeof code === 'string') {
    return code
  }

  return typeof message === 'string' && message !== '' ? message : 'the connection failed'
}
