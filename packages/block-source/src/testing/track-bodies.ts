/** Tracks bodies that were neither read to their end nor cancelled, since each keeps a connection. */
export interface BodyTracker {
  /** Returns the same response with a tracked body. */
  track (response: Response): Response
  /** How many bodies are open, once running operations have ended. */
  open (): Promise<number>
  /** How many bytes of bodies were read. */
  received (): number
}

/** Creates a tracker that has seen no response yet. */
export function trackBodies (): BodyTracker {
  const open = new Set<object>()
  let received = 0

  function watch (body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader()
    open.add(reader)

    return new ReadableStream({
      async pull (controller) {
        try {
          const { done, value } = await reader.read()

          if (done) {
            open.delete(reader)
            controller.close()
          } else {
            received += value.byteLength
            controller.enqueue(value)
          }
        } catch (err) {
          open.delete(reader)
          controller.error(err)
        }
      },
      async cancel (reason) {
        open.delete(reader)
        await reader.cancel(reason)
      }
    }, { highWaterMark: 0 })
  }

  return {
    track (response) {
      const { status, statusText, headers, body } = response

      return body == null || [204, 205, 304].includes(status) ? response : new Response(watch(body), { status, statusText, headers })
    },
    async open () {
      // a cancelled body is released a few microtasks later
      await new Promise(resolve => setTimeout(resolve, 0))

      return open.size
    },
    received: () => received
  }
}
