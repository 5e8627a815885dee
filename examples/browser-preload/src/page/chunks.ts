/** The bytes of a file. Not all browsers iterate streams. */
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
