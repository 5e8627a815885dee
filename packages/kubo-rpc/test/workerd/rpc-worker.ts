import { createKuboRpc } from '../../src/index.ts'

/** Asks a node for its id, and responds with its answer or with the error. */
export default {
  async fetch (): Promise<Response> {
    const rpc = createKuboRpc({ url: 'http://me:secret@node.test:5001' })

    try {
      return Response.json(await rpc.json('id'))
    } catch (err) {
      return new Response(String(err), { status: 502 })
    }
  }
}
