import { kubo } from '@kitsune/want-router/discovery/kubo-rpc'
import { peers } from '@kitsune/want-router/discovery/static'
import type { DownstreamConfig } from './config/downstreams.ts'
import type { TargetInit } from '@kitsune/want-router'

/**
 * A configured node as the router takes it.
 *
 * @throws {InvalidOptionError} the address cannot be one of its kind
 */
export function targetOf ({ kind, id, address, weight, labels, entries, authorization }: DownstreamConfig): TargetInit {
  const [target] = kind === 'swarm'
    ? peers([{ id, address, weight, labels, entries }])
    : kubo([{ id, url: address, weight, labels, entries, authorization: authorization?.reveal() }])

  return target
}
