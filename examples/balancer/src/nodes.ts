import { isAnotherNode, isChanged } from './config/differences.ts'
import { oneLine } from './config/layers.ts'
import { createTarget } from './targets.ts'
import type { DownstreamConfig } from './config/downstream-config.ts'
import type { Log } from './log/log.ts'
import type { TargetInit } from '@kitsune/want-router'

/** The part of the router's members that is used. */
export interface MemberSet {
  add (target: TargetInit): void
  remove (id: string, options: { drain: boolean, signal: AbortSignal }): Promise<void>
  update (id: string, change: { weight?: number, labels?: Readonly<Record<string, string>> }): void
}

interface NodesInit {
  /** The nodes with which the router was created. */
  readonly downstreams: readonly DownstreamConfig[]
  readonly members: MemberSet
  /** How long a removed node may take to finish its wants, ms. */
  readonly grace: number
  readonly log: Log
}

/** The nodes of a running balancer, which follow its configuration. */
export interface Nodes {
  /** The current or last configuration of a node. */
  find (id: string): DownstreamConfig | undefined
  /**
   * Adds, removes and changes nodes. A removed node first finishes its wants; if another node has its name, that one is added afterwards.
   */
  follow (downstreams: readonly DownstreamConfig[]): void
  /** No longer waits for removed nodes to finish. */
  stop (): void
}

/** Creates the set of nodes of a router, to which changes of the configuration are applied. */
export function createNodes ({ downstreams, members, grace, log }: NodesInit): Nodes {
  const nodes = new Map(downstreams.map(node => [node.id, node]))
  const leaving = new Set<string>()
  const stopping = new AbortController()
  let wanted = new Map(nodes)

  function add (node: DownstreamConfig): void {
    try {
      members.add(createTarget(node))
      nodes.set(node.id, node)
    } catch (err) {
      log.error(`node ${node.id} cannot be added: ${oneLine(err)}`, { event: 'node-refused', node: node.id, reason: oneLine(err) })
    }
  }

  function update (node: DownstreamConfig): void {
    const { id, weight, labels } = node
    members.update(id, { weight, labels })
    nodes.set(id, node)
  }

  async function remove (id: string): Promise<void> {
    leaving.add(id)
    await members.remove(id, { drain: true, signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(grace)]) })
    leaving.delete(id)
    nodes.delete(id)
    const node = wanted.get(id)

    // the configuration may contain the node again, or another one with its name
    if (node != null && !stopping.signal.aborted) {
      add(node)
    }
  }

  return {
    find: id => nodes.get(id),

    follow (downstreams) {
      wanted = new Map(downstreams.map(node => [node.id, node]))

      for (const node of wanted.values()) {
        const known = nodes.get(node.id)

        if (known == null) {
          add(node)
        } else if (!leaving.has(node.id) && !isAnotherNode(known, node) && isChanged(known, node)) {
          update(node)
        }
      }

      for (const [id, known] of nodes) {
        const node = wanted.get(id)

        if (!leaving.has(id) && (node == null || isAnotherNode(known, node))) {
          remove(id).catch(err => { log.error(`node ${id} cannot be removed: ${oneLine(err)}`, { event: 'node-not-removed', node: id, reason: oneLine(err) }) })
        }
      }
    },

    stop () { stopping.abort() }
  }
}
