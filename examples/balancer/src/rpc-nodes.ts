import type { DownstreamConfig } from './config/downstream-config.ts'
import type { Nodes } from './nodes.ts'

/** Where the RPC of a node is. */
export interface RpcNode {
  readonly id: string
  readonly url: string
  readonly authorization: string | undefined
}

/**
 * Something for each node that is given by its RPC. It is made when it is asked for first, and again only when the
 * node's configuration has changed. Undefined for other nodes, and for those that are not known.
 */
export function perRpcNode <T extends object> (nodes: Pick<Nodes, 'find'>, create: (node: RpcNode) => T): (id: string) => T | undefined {
  const made = new WeakMap<DownstreamConfig, T>()

  return id => {
    const node = nodes.find(id)

    if (node?.kind !== 'rpc') {
      return
    }

    const known = made.get(node) ?? create({ id, url: node.address, authorization: node.authorization?.reveal() })
    made.set(node, known)

    return known
  }
}
