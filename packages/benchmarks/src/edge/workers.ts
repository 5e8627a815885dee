/** A bucket of R2 over HTTP, as a module for `startLocalWorker`. */
export const BUCKET_SCRIPT = `
function found (response) {
  if (response.status === 404) {
    return null
  }
  if (!response.ok) {
    throw new Error('the store answers ' + response.status)
  }
  return { size: Number(response.headers.get('content-range').split('/')[1]), etag: response.headers.get('etag'), body: response.body }
}

export default ({ url }) => ({
  async get (key, { range } = {}) {
    const headers = range == null ? {} : { range: 'bytes=' + range.offset + '-' + (range.length == null ? '' : range.offset + range.length - 1) }
    return found(await fetch(url + key, { headers }))
  },
  async head (key) {
    return found(await fetch(url + key, { method: 'HEAD' }))
  }
})`

/** A Worker that only sends as many messages of a size as it is asked for. */
export const BARE_SCRIPT = `
export default {
  fetch (request) {
    const { 0: theirs, 1: ours } = new WebSocketPair()
    const bytes = new Uint8Array(Number(new URL(request.url).searchParams.get('size')))
    ours.accept()
    ours.addEventListener('message', ({ data }) => {
      for (let i = 0; i < Number(data); i++) {
        ours.send(bytes)
      }
    })
    // workerd considers a request hung if only its client has closed its half
    ours.addEventListener('close', () => { ours.close() })
    return new Response(null, { status: 101, webSocket: theirs })
  }
}`
