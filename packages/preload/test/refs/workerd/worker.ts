/** A Worker that answers requests for refs: it has a kubo fetch one block after another, since `fetch` shows no trailers. */
import { createGate, refsHandler, walkedRefs } from '../../../src/index.ts'
import type { RefsHandler } from '../../../src/index.ts'

let handler: RefsHandler | undefined

export default {
  async fetch (request: Request, { KUBO }: { readonly KUBO: string }): Promise<Response> {
    handler ??= refsHandler({
      members: () => [walkedRefs({ url: KUBO })],
      peers: { find: () => ['client'], onConnect: () => () => {} },
      register: () => () => {},
      gate: createGate(),
      read: async () => { throw new Error('no member has it') }
    })

    return handler(request, { address: request.headers.get('cf-connecting-ip') ?? '' })
  }
}
