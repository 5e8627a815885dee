import { DEFAULTS } from '../defaults.ts'
import { ObjectTooLargeError } from '../errors.ts'

interface ReadBodyOptions {
  /** How many bytes to skip first. */
  readonly skip?: number
  /** The most bytes to read; then the body is cancelled. Default: all. */
  readonly length?: number
  /** The expected number of bytes, to allocate the buffer. */
  readonly expected?: number
  /** More than this is an error. */
  readonly max: number
  /** Cancels the body, for platforms that have no other way. */
  readonly signal?: AbortSignal
  /** Called whenever bytes have arrived. */
  progress? (): void
}

/** The parts of a `ReadableStream` that are used; its types differ between platforms. */
export interface ByteStream {
  readonly locked?: boolean
  getReader (): {
    read (): Promise<{ done: boolean, value?: Uint8Array | undefined }>
    cancel (): Promise<void>
    releaseLock (): void
  }
  cancel (): Promise<void>
}

/** A body of `fetch` or R2. */
export type Body = ByteStream | null

/**
 * Reads a body, or the requested part of it, into its own buffer. The body is always
 * read to its end or cancelled, even when this throws.
 *
 * @throws {ObjectTooLargeError} if it is longer than `max`
 * @throws {Error} the signal's reason
 */
export async function readBody (body: Body, { skip = 0, length = Infinity, expected, max, signal, progress }: ReadBodyOptions): Promise<{ bytes: Uint8Array, received: number }> {
  if (body == null) {
    return { bytes: new Uint8Array(0), received: 0 }
  }

  const out = createBuffer(expected)
  const reader = body.getReader()
  let received = 0
  let ended = false
  const abort = (): void => { reader.cancel().catch(() => {}) }
  signal?.addEventListener('abort', abort, { once: true })

  try {
    signal?.throwIfAborted()

    while (true) {
      const { done, value } = await reader.read()
      signal?.throwIfAborted()

      if (done || value == null) {
        ended = true
        break
      }

      progress?.()
      const before = received
      received += value.byteLength
      out.add(value.subarray(Math.max(0, skip - before), Math.max(0, Math.min(value.byteLength, skip + length - before))))

      if (out.size > max) {
        throw new ObjectTooLargeError(`a body is longer than the ${max} bytes that one read may return`)
      }

      if (received > skip + length) {
        break
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort)

    if (!ended) {
      // the caller learns of the failure or the cancellation from what this throws
      reader.cancel().catch(() => {})
    }

    reader.releaseLock()
  }

  return { bytes: out.finish(), received }
}

/** Reads the beginning of a body as text, such as that of an error. Only throws if the network fails. */
export async function readText (body: Body, { length = DEFAULTS.maxErrorBody, ...options }: Partial<ReadBodyOptions> = {}): Promise<string> {
  return new TextDecoder().decode((await readBody(body, { length, max: length, ...options })).bytes)
}

/** Cancels a body that is not needed, so that it does not keep its connection: a Worker has at most six. */
export async function discard (body: Body | undefined): Promise<void> {
  try {
    await body?.cancel()
  } catch {
    // the body has already failed or ended
  }
}

interface Buffer {
  readonly size: number
  add (bytes: Uint8Array): void
  finish (): Uint8Array
}

/** Copies bytes once, into a buffer of the right size if the size was announced. */
function createBuffer (expected: number | undefined): Buffer {
  const chunks: Uint8Array[] = []
  let whole = expected == null ? undefined : new Uint8Array(expected)
  let size = 0

  function spill (): void {
    if (whole != null) {
      chunks.push(whole.subarray(0, size))
      whole = undefined
    }
  }

  return {
    get size () { return size },
    add (bytes) {
      if (whole != null && size + bytes.byteLength > whole.byteLength) {
        spill()
      }

      if (whole != null) {
        whole.set(bytes, size)
      } else {
        chunks.push(bytes)
      }

      size += bytes.byteLength
    },
    finish () {
      if (whole != null && size === whole.byteLength) {
        return whole
      }

      spill()
      const bytes = new Uint8Array(size)
      let offset = 0

      for (const chunk of chunks) {
        bytes.set(chunk, offset)
        offset += chunk.byteLength
      }

      return bytes
    }
  }
}
