import type { ByteStream } from './body.ts'

/** A reader that fills a buffer of the caller, which must not use that buffer any more. */
interface IntoReader {
  read (view: Uint8Array, options: { min: number }): Promise<{ done: boolean, value?: Uint8Array<ArrayBuffer> | undefined }>
  cancel (): Promise<void>
  releaseLock (): void
}

/**
 * Reads the first bytes of a body into one buffer, with one promise for all of them: otherwise
 * workerd delivers chunks of 4 KiB, each with a promise. Returns fewer bytes if the body ends
 * early; the rest is cancelled. Do not use it for responses of `fetch` in Node.js: there it
 * takes more CPU time than reading chunks.
 *
 * @returns undefined if the body does not support this; then nothing was read
 * @throws {Error} the signal's reason
 */
export async function readInto (body: ByteStream, length: number, signal?: AbortSignal): Promise<Uint8Array | undefined> {
  const reader = intoReader(body)

  if (reader == null) {
    return undefined
  }

  const abort = (): void => { reader.cancel().catch(() => {}) }
  signal?.addEventListener('abort', abort, { once: true })
  let bytes = new Uint8Array(length)
  let filled = 0
  let ended = false

  try {
    while (!ended && filled < length) {
      signal?.throwIfAborted()
      const { done, value } = await reader.read(bytes.subarray(filled), { min: length - filled })
      signal?.throwIfAborted()
      ended = done || value == null

      if (value != null) {
        bytes = new Uint8Array(value.buffer)
        filled += value.byteLength
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    // the caller learns of the failure or the cancellation from what this throws
    abort()
    reader.releaseLock()
  }

  return bytes.subarray(0, filled)
}

function intoReader (body: ByteStream): IntoReader | undefined {
  try {
    return (body as unknown as { getReader (options: { mode: 'byob' }): IntoReader }).getReader({ mode: 'byob' })
  } catch {
    // it is not a byte stream
    return undefined
  }
}
