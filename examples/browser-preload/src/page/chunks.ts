/** Yields the bytes of a file. It uses a reader, since not all browsers can iterate over streams. */
export async function * chunksOf (file: Blob): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader()

  for (;;) {
    const { done, value } = await reader.read()

    if (done) {
      return
    }

    yield value
  }
}
