import type { ByteStream } from './body.ts'

/** What reads into a buffer that it is given, which it takes over. */
interface IntoReader {
  read (view: Uint8Array, options: { min: number }): Promise<{ done: boolean, value?: Uint8Array<ArrayBuffer> | undefined }>
  cancel (): Promise<void>
  releaseLock (): void
}

/**
 * Reads the first bytes of a body into one buffer, with one promise for all of them: workerd hands over pieces of 4 KiB otherwise,
 * each with a promise. Fewer bytes if the body ends before. The rest is cancelled. Not for responses of `fetch` in Node.js: there the
 * streams of bytes take more CPU time for this than for handing over pieces.
 *
 * @returns undefined if the body cannot do so: then it is untouched
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
    // the failure or the cancellation is known already
    abort()
    reader.releaseLock()
  }

  return bytes.subarray(0, filled)
}

function intoReader (body: ByteStream): IntoReader | undefined {
  try {
    return (body as unknown as { getReader (options: { mode: 'byob' }): IntoReader }).getReader({ mode: 'byob' })
  } catch {
    // it is no stream of bytes
    return undefined
  }
}
