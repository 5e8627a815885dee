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
