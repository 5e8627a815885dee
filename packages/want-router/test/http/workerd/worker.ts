/** A Worker that serves the blocks in its bundle over HTTP. */
import { UnknownError } from '../../../src/errors.ts'
import { blockHandler } from '../../../src/http/index.ts'
import type { BlockRouter } from '../../../src/http/index.ts'
import type { LocalClient } from '../../../src/local/local-client.ts'

/** Bytes by CID, put in when the Worker is bundled. */
declare const BLOCKS: Readonly<Record<string, readonly number[]>>

const client: LocalClient = {
  async get (cid) {
    const bytes = BLOCKS[`${cid}`]

    if (bytes == null) {
      throw new UnknownError()
    }

    return Uint8Array.from(bytes)
  },
  async * getMany () {},
  has: async cid => `${cid}` in BLOCKS ? 'have' : 'unknown'
}
const router: BlockRouter = { client: () => client, ready: true, rememberHaves: () => ({ get: () => undefined }), status: () => ({ policies: [] }) }
const handler = blockHandler(router)
const unready = blockHandler({ ...router, ready: false })

export default {
  async fetch (request: Request): Promise<Response> {
    return (request.headers.has('no-member') ? unready : handler)(request, { remoteAddress: request.headers.get('cf-connecting-ip') ?? undefined })
  }
}
