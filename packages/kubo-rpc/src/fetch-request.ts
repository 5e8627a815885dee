/** The platform's `fetch`, or a replacement. */
export type Fetch = (request: Request) => Promise<Response>

/** The request of each response, while its body may still be read. */
const requests = new WeakMap<ReadableStream, Request>()

/**
 * Makes a request whose signal ends it until its body has been read. In Node.js a request
 * that was garbage collected no longer hears from its signal: a call that had a timeout
 * would wait forever (https://github.com/nodejs/undici/issues/4068).
 */
export async function fetchRequest (fetch: Fetch, request: Request): Promise<Response> {
  const response = await fetch(request)

  if (response.body != null) {
    requests.set(response.body, request)
  }

  return response
}
