import type { DownstreamConfig } from './config/downstream-config.ts'
import type { Nodes } from './nodes.ts'

/** The address of a node's RPC. */
export interface RpcNode {
  readonly id: string
  readonly url: string
  readonly authorization: string | undefined
}

/**
 * Creates an object for each node that is configured by its RPC: on first use, and again only
 * if the node's configuration has changed. Returns undefined for other nodes, and for unknown
 * ones.
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
