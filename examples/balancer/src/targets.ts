import { kubo } from '@kitsune/want-router/discovery/kubo-rpc'
import { peers } from '@kitsune/want-router/discovery/static'
import type { DownstreamConfig } from './config/downstream-config.ts'
import type { TargetInit } from '@kitsune/want-router'

/**
 * Creates the router's target for a configured node.
 *
 * @throws {InvalidOptionError} the address is not valid for the node's kind
 */
export function createTarget ({ kind, id, address, weight, labels, entries, authorization }: DownstreamConfig): TargetInit {
  const [target] = kind === 'swarm'
    ? peers([{ id, address, weight, labels, entries }])
    : kubo([{ id, url: address, weight, labels, entries, authorization: authorization?.reveal() }])

  return target
}
