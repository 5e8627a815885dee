import { createKuboRpc } from '../../src/index.ts'

/** Asks a node who it is, and answers with what it said or why it did not. */
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
