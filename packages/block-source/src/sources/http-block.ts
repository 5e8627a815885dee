import { ObjectTooLargeError, TruncatedError } from '../errors.ts'
import { discard, readBody } from '../http/body.ts'
import type { Attempt } from '../http/client.ts'

/** Reads a block from a response of status 200. A length that is too large is refused before it is read. */
export async function readBlockBody (what: string, { response: { headers, body }, signal, progress }: Attempt, maxBlock: number): Promise<Uint8Array> {
  const encoded = !['', 'identity'].includes(headers.get('content-encoding') ?? '')
  const announced = encoded ? undefined : Number(headers.get('content-length') ?? NaN)

  if (announced != null && announced > maxBlock) {
    await discard(body)
    throw new ObjectTooLargeError(`${what}: a block of ${announced} bytes is larger than the allowed ${maxBlock}`)
  }

  const { bytes } = await readBody(body, { max: maxBlock, signal, progress })

  if (announced != null && bytes.byteLength < announced) {
    throw new TruncatedError(`${what}: ${bytes.byteLength} bytes of ${announced} arrived`)
  }

  return bytes
}
