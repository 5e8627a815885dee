import { KuboRpcError } from './errors.ts'

/** The longest document: an answer of /api/v0/id takes a few kilobytes. */
const MAX_BYTES = 65_536

const HINTS: Record<number, string> = {
  401: ': check the credentials',
  403: ': check the credentials, and API.Authorizations of the node',
  404: ': is this the RPC, and not the gateway?',
  405: ': is this the RPC, and not the gateway?'
}

/**
 * Reads a small JSON document. Errors do not show the answer.
 *
 * @throws {KuboRpcError} the status is not 200, or the answer is longer than 64 KiB or not JSON
 */
export async function readJson (response: Response): Promise<unknown> {
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new KuboRpcError(`it answered ${response.status}${HINTS[response.status] ?? ''}`)
  }

  const text = await readText(response)

  try {
    return JSON.parse(text)
  } catch {
    throw new KuboRpcError('its answer is not JSON')
  }
}

async function readText (response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let length = 0

  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength

    if (length > MAX_BYTES) {
      throw new KuboRpcError(`it answered more than ${MAX_BYTES} bytes`)
    }

    text += decoder.decode(chunk, { stream: true })
  }

  return text + decoder.decode()
}
