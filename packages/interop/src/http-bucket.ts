/** A bucket of R2 over HTTP, as a module for `startLocalWorker`; its binding `url` is where the objects are. */
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
