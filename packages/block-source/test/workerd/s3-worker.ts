import { CID } from 'multiformats/cid'
import { carSource, dudewhereIndex, s3Store } from '../../src/index.ts'

/** The bindings of the Worker. */
interface Env {
  readonly BUCKET: string
  readonly KEY: string
  readonly SECRET: string
}

/** The smallest possible gateway: only the size of its bundle matters. */

export default {
  async fetch (request: Request, { BUCKET, KEY, SECRET }: Env): Promise<Response> {
    const store = s3Store({ bucket: BUCKET, credentials: { accessKeyId: KEY, secretAccessKey: SECRET } })
    const index = dudewhereIndex({ dudewhere: store, satnav: store })
    const bytes = await carSource({ store, index }).get(CID.parse(new URL(request.url).pathname.slice(1)))

    return bytes == null ? new Response('not found', { status: 404 }) : new Response(new Uint8Array(bytes))
  }
}
