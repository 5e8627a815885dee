import { peerIdFromString } from '@libp2p/peer-id'
import type { NetworkComponents } from '../network/components.ts'

/** Where a client is connected from, on the connection that libp2p names first; undefined for one inside the process. */
export function clientAddress (manager: Pick<NetworkComponents['connectionManager'], 'getConnections'>, client: string): string | undefined {
  try {
    return manager.getConnections(peerIdFromString(client))[0]?.remoteAddr.toString()
  } catch {
    return undefined // the name is not a peer id
  }
}
