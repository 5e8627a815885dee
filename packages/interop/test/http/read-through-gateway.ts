import { delegatedHTTPRouter } from '@helia/delegated-routing-client'
import { trustlessGatewayBlockBroker } from '@helia/trustless-gateway-client'
import { unixfs } from '@helia/unixfs'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'

/** What to read, and where. */
export interface GatewayTask {
  /** The URL of the balancer, without a path. */
  readonly url: string
  /** A directory of files. */
  readonly root: string
  /** A block of raw bytes. */
  readonly leaf: string
}

/** Reads a directory with a Helia that has no libp2p: it finds a gateway by delegated routing. Returns the lengths of its files by name. */
export async function readThroughGateway ({ url, root }: GatewayTask): Promise<Record<string, number>> {
  const helia = createHeliaLight({
    blockBrokers: [trustlessGatewayBlockBroker({ allowInsecure: true, allowLocal: true })],
    routers: [delegatedHTTPRouter({ url })]
  })
  await helia.start()

  try {
    const fs = unixfs(helia)
    const lengths: Record<string, number> = {}

    for await (const { name, cid } of fs.ls(CID.parse(root))) {
      lengths[name] = 0

      for await (const bytes of fs.cat(cid)) {
        lengths[name] += bytes.byteLength
      }
    }

    return lengths
  } finally {
    await helia.stop()
  }
}
