import { Duplex } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { Gzip } from 'node:zlib'

/** How long a line may wait in the compressor, ms. */
const FLUSH_INTERVAL = 100

/** Compresses as CompressionStream does, but keeps nothing back for long: lines may be minutes apart. */
export function flushingGzip (): ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const gzip = createGzip()
  flushRegularly(gzip)

  return Duplex.toWeb(gzip) as unknown as ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>
}

function flushRegularly (gzip: Gzip): void {
  let flushed = 0
  const timer = setInterval(() => {
    if (gzip.bytesWritten > flushed) {
      flushed = gzip.bytesWritten
      gzip.flush()
    }
  }, FLUSH_INTERVAL).unref()
  gzip.once('close', () => { clearInterval(timer) })
}
