import { spoilableGzip } from './spoilable-gzip.ts'

type Bytes = Uint8Array<ArrayBuffer>

/**
 * How a client learns of an error after the first line. `break`: the body is broken off. `report`: the last line has the
 * error as its `Err`, and a compressed body cannot be decompressed beyond that.
 */
export type LateErrors = 'break' | 'report'

/** workerd ends a body whose stream fails as if it were complete. */
export const DEFAULT_LATE_ERRORS: LateErrors = globalThis.navigator?.userAgent === 'Cloudflare-Workers' ? 'report' : 'break'

/** How lines become the bytes of a body. */
interface Encoding {
  line (text: string): Bytes
  /** After the last line. Absent: nothing. */
  end? (): Bytes
  /** After an error. Absent: the body is broken off. */
  fail? (error: unknown): Bytes
}

/** The bytes of a list. `left` is called when it has ended in any way, with the error if there is one. */
export function listBody (lines: AsyncIterator<string>, encoding: Encoding, left: (error?: unknown) => void): ReadableStream<Bytes> {
  return new ReadableStream<Bytes>({
    async pull (controller) {
      try {
        const { done, value } = await lines.next()

        if (done !== true) {
          controller.enqueue(encoding.line(value))

          return
        }

        if (encoding.end != null) {
          controller.enqueue(encoding.end())
        }

        controller.close()
        left()
      } catch (err) {
        if (encoding.fail == null) {
          controller.error(err)
        } else {
          controller.enqueue(encoding.fail(err))
          controller.close()
        }

        left(err)
      }
    },
    cancel (reason) { left(reason ?? new DOMException('The client has left', 'AbortError')) }
  })
}

/** Lines as they are, in a body that is broken off after an error. */
export function brokenText (): Encoding {
  const encoder = new TextEncoder()

  return { line: text => encoder.encode(text) }
}

/** Lines as they are, of which the last one reports the error. */
export function reportingText (): Encoding {
  const { line } = brokenText()

  return { line, fail: error => line(errorLine(error)) }
}

/** The same for a client that takes gzip, which cannot decompress a body that ends with an error. */
export function reportingGzip (): Encoding {
  const { line, fail } = reportingText()
  const gzip = spoilableGzip()

  return {
    line: text => gzip.write(line(text)),
    end: () => gzip.end(),
    fail: error => gzip.spoil(fail?.(error))
  }
}

function errorLine (error: unknown): string {
  return `${JSON.stringify({ Ref: '', Err: error instanceof Error ? error.message : String(error) })}\n`
}
